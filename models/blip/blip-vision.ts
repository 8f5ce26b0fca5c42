import { attention, conv2d, gelu, layerNorm, linear } from '../../engine/layers/layers.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import type { BlipVisionConfig } from './blip-config.ts';

const EPSILON = 1e-6;

/**
 * BLIP's vision transformer (pre-norm), under the names of BLIP's own code.
 * @param pixels [B, image_size, image_size, 3], normalized
 * @returns class token and patches after the last norm. [B, 1 + patches, D]
 */
export function blipVision(p: Parameters, config: BlipVisionConfig, pixels: Tensor): Tensor {
  const { hidden_size: width, patch_size: patch, num_hidden_layers: layers } = config;
  const batch = pixels.shape[0]!;
  const patches = Math.floor(config.image_size / patch) ** 2;
  const grid = conv2d(p.at('patch_embed.proj'), pixels, width, { kernel: patch, stride: patch, padding: 0 });
  const classToken = p.get('cls_token', [1, 1, width]).tile([batch, 1, 1]);
  let x = tf.concat([classToken, grid.reshape([batch, patches, width])], 1);
  x = x.add(p.get('pos_embed', [1, 1 + patches, width]));
  for (let i = 0; i < layers; i++) x = block(p.at('blocks').at(i), config, x);
  return layerNorm(p.at('norm'), x, EPSILON);
}

function block(p: Parameters, config: BlipVisionConfig, x: Tensor): Tensor {
  const width = config.hidden_size;
  const joint = linear(p.at('attn.qkv'), layerNorm(p.at('norm1'), x, EPSILON), 3 * width);
  const [q, k, v] = tf.split(joint, 3, 2) as [Tensor, Tensor, Tensor];
  x = x.add(linear(p.at('attn.proj'), attention(q, k, v, config.num_attention_heads), width));
  const inner = gelu(linear(p.at('mlp.fc1'), layerNorm(p.at('norm2'), x, EPSILON), config.intermediate_size));
  return x.add(linear(p.at('mlp.fc2'), inner, width));
}
