import { embedding, layerNorm } from '../../engine/layers/layers.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import type { ClipTextConfig } from './clip-config.ts';
import { clipEncoder } from './clip-transformer.ts';

export type { ClipTextConfig };

export interface ClipTextOutput {
  /** The last layer after the final norm, which a diffusion model is conditioned on. [B, T, D] */
  hidden: Tensor;
  /** The hidden state at each sequence's end token. [B, D] */
  pooled: Tensor;
}

/**
 * CLIP's text model, transformers' CLIPTextModel.
 * @param p a scope whose children are `text_model.…`
 * @param ids token ids int32 [B, T], T <= max_position_embeddings, each row with an end token
 */
export function clipText(p: Parameters, config: ClipTextConfig, ids: Tensor): ClipTextOutput {
  const [batch, length] = ids.shape as [number, number];
  const { hidden_size: width, vocab_size, max_position_embeddings: positions } = config;
  const model = p.at('text_model');

  const tokens = embedding(model.at('embeddings.token_embedding'), ids, vocab_size, width);
  const position = model.at('embeddings.position_embedding').get('weight', [positions, width]);
  const x = clipEncoder(model.at('encoder'), config, tokens.add(position.slice([0, 0], [length, width])), {
    causal: true,
  });
  const hidden = layerNorm(model.at('final_layer_norm'), x, config.layer_norm_eps);

  // One-hot at the first end token.
  const end = tf.argMax(config.eos_token_id === 2 ? ids : ids.equal(config.eos_token_id).cast('int32'), 1);
  const selection = tf
    .oneHot(end as never, length)
    .cast('float32')
    .reshape([batch, length, 1]);
  return { hidden, pooled: hidden.mul(selection).sum(1) };
}
