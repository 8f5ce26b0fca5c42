import { attention, embedding, gelu, layerNorm, linear } from '../../engine/layers/layers.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import type { MedConfig } from './blip-config.ts';

/**
 * Input of the layers: word and position embeddings, normalized. Independent of the picture. ids int32 [B, T] -> [B, T,
 * D]
 */
export function medEmbeddings(p: Parameters, config: MedConfig, ids: Tensor): Tensor {
  const { hidden_size: width, vocab_size, max_position_embeddings: positions } = config;
  const words = embedding(p.at('word_embeddings'), ids, vocab_size, width);
  const places = p.at('position_embeddings').get('weight', [positions, width]).slice([0, 0], [ids.shape[1]!, width]);
  return layerNorm(p.at('LayerNorm'), words.add(places), config.layer_norm_eps);
}

/**
 * The layers of BLIP's image-grounded text encoder (post-norm): tokens attend to each other, then to the picture.
 * @param x from {@link medEmbeddings}. [B, T, D]
 * @param mask 1 for a token, 0 for padding. [B, T]
 * @param image hidden states of the vision transformer. [B, P, E]
 * @returns [B, T, D]
 */
export function medEncoder(p: Parameters, config: MedConfig, x: Tensor, mask: Tensor, image: Tensor): Tensor {
  const { hidden_size: width, num_attention_heads: heads, layer_norm_eps: epsilon } = config;
  /** BERT's "output": a layer, then the norm of the sum. */
  const add = (at: Parameters, x: Tensor, y: Tensor): Tensor =>
    layerNorm(at.at('LayerNorm'), linear(at.at('dense'), y, width).add(x), epsilon);
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const layer = p.at('layer').at(i);
    const project = (to: string, name: string, from: Tensor) => linear(layer.at(to).at('self').at(name), from, width);
    const [q, k, v] = ['query', 'key', 'value'].map((name) => project('attention', name, x)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    x = add(layer.at('attention.output'), x, maskedAttention(q, k, v, heads, mask));
    const [key, value] = ['key', 'value'].map((name) => project('crossattention', name, image)) as [Tensor, Tensor];
    x = add(layer.at('crossattention.output'), x, attention(project('crossattention', 'query', x), key, value, heads));
    x = add(layer.at('output'), x, gelu(linear(layer.at('intermediate.dense'), x, config.intermediate_size)));
  }
  return x;
}

/** Attention among few tokens, without padding. [B, T, D] -> [B, T, D] */
function maskedAttention(q: Tensor, k: Tensor, v: Tensor, heads: number, mask: Tensor): Tensor {
  const [batch, length, width] = q.shape as [number, number, number];
  const depth = width / heads;
  const split = (t: Tensor): Tensor => t.reshape([batch, length, heads, depth]).transpose([0, 2, 1, 3]);
  const bias = mask.sub(1).mul(1e9).reshape([batch, 1, 1, length]);
  const scores = tf
    .matMul(split(q), split(k), false, true)
    .mul(depth ** -0.5)
    .add(bias);
  return tf.matMul(tf.softmax(scores), split(v)).transpose([0, 2, 1, 3]).reshape([batch, length, width]);
}
