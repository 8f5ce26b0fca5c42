import { conv2d, layerNorm } from '../../engine/layers/layers.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import type { ClipVisionConfig } from './clip-config.ts';
import { clipEncoder } from './clip-transformer.ts';

export interface ClipVisionOutput {
  /** The last layer, class token first, without the final norm. [B, 1 + patches, D] */
  hidden: Tensor;
  /** The class token after the final norm. [B, D] */
  pooled: Tensor;
}

/**
 * CLIP's vision transformer, transformers' CLIPVisionModel.
 * @param p a scope whose children are `vision_model.…`
 * @param pixels [B, image_size, image_size, 3], normalized with CLIP's mean and standard deviation
 */
export function clipVision(p: Parameters, config: ClipVisionConfig, pixels: Tensor): ClipVisionOutput {
  const { hidden_size: width, patch_size: patch, layer_norm_eps: epsilon } = config;
  const batch = pixels.shape[0]!;
  const patches = Math.floor(config.image_size / patch) ** 2;
  const model = p.at('vision_model');
  const embeddings = model.at('embeddings');

  const grid = conv2d(embeddings.at('patch_embedding'), pixels, width, {
    kernel: patch,
    stride: patch,
    padding: 0,
    bias: false,
  });
  const classToken = embeddings.get('class_embedding', [width]).reshape([1, 1, width]).tile([batch, 1, 1]);
  const position = embeddings.at('position_embedding').get('weight', [1 + patches, width]);
  const embedded = tf.concat([classToken, grid.reshape([batch, patches, width])], 1).add(position);

  const hidden = clipEncoder(model.at('encoder'), config, layerNorm(model.at('pre_layrnorm'), embedded, epsilon), {
    causal: false,
  });
  const classState = hidden.slice([0, 0, 0], [batch, 1, width]).reshape([batch, width]);
  return { hidden, pooled: layerNorm(model.at('post_layernorm'), classState, epsilon) };
}
