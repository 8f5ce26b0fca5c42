import { checkpoint } from '../../engine/activation-checkpoint.ts';
import { attention, conv2d, geglu, groupNorm, layerNorm, linear } from '../../engine/layers/layers.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import type { Tensor } from '../../engine/tensorflow.ts';
import { repeatRows } from '../blocks.ts';

export interface SpatialTransformerOptions {
  /** The prompts, n for each picture. [n B, T, context width] */
  context: Tensor;
  heads: number;
  layers: number;
  groups: number;
  /**
   * The projections around the blocks are linear layers instead of 1x1 convolutions; their layout in the file differs.
   */
  linearProjection: boolean;
}

/**
 * diffusers' Transformer2DModel: the pixels attend to each other and to the prompts. x [B, H, W, C] -> [n B, H, W, C]
 */
export function spatialTransformer(p: Parameters, x: Tensor, options: SpatialTransformerOptions): Tensor {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const project = (name: string, t: Tensor) =>
    options.linearProjection ? linear(p.at(name), t, channels) : conv2d(p.at(name), t, channels, { kernel: 1 });

  const normal = groupNorm(p.at('norm'), x, options.groups, 1e-6);
  let h = project('proj_in', normal).reshape([batch, height * width, channels]);
  for (let i = 0; i < options.layers; i++) h = transformerBlock(p.at('transformer_blocks').at(i), h, options);
  const rows = h.shape[0]!;
  return repeatRows(x, rows).add(project('proj_out', h.reshape([rows, height, width, channels])));
}

/**
 * diffusers' BasicTransformerBlock: self-attention, cross-attention, feed-forward; pre-norm. x [B, T, C] -> [n B, T, C]
 */
function transformerBlock(p: Parameters, x: Tensor, { context, heads }: SpatialTransformerOptions): Tensor {
  const normal = layerNorm(p.at('norm1'), x);
  const attended = x.add(multiHeadAttention(p.at('attn1'), normal, normal, heads));
  const rest = (p: Parameters, attended: Tensor, context: Tensor): Tensor => {
    const x = repeatRows(attended, context.shape[0]!);
    const y = x.add(multiHeadAttention(p.at('attn2'), layerNorm(p.at('norm2'), x), context, heads));
    return y.add(feedForward(p.at('ff'), layerNorm(p.at('norm3'), y)));
  };
  const isLarge = x.shape[1]! * x.shape[2]! >= LARGE;
  return isLarge ? checkpoint(p, [attended, context], rest) : rest(p, attended, context);
}

/**
 * Smallest number of a picture's activations at which a block's second half is recomputed for its gradient. At 512
 * pixels this takes a tenth of the time of a step without gradient, and saves more than half of the kept activations.
 */
const LARGE = 2 ** 18;

function multiHeadAttention(p: Parameters, x: Tensor, context: Tensor, heads: number): Tensor {
  const width = x.shape[2]!;
  const project = (name: string, t: Tensor) => linear(p.at(name), t, width, { bias: false });
  const y = attention(project('to_q', x), project('to_k', context), project('to_v', context), heads);
  return linear(p.at('to_out.0'), y, width);
}

function feedForward(p: Parameters, x: Tensor): Tensor {
  const width = x.shape[2]!;
  return linear(p.at('net.2'), geglu(p.at('net.0.proj'), x, 4 * width), width);
}
