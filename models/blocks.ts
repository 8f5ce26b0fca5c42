/** Convolutional blocks that the UNet and the VAE share. Pictures and latents are [B, H, W, C]. */
import { differentiable } from '../engine/differentiable.ts';
import { conv2d, groupNormSilu, linear } from '../engine/layers/layers.ts';
import type { Parameters } from '../engine/weights/parameters.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';

export interface ResnetOptions {
  out: number;
  groups: number;
  epsilon: number;
  /** SiLU of the time embedding [B, E]. */
  time?: Tensor;
}

/** diffusers' ResnetBlock2D. x [B, H, W, in] -> [B, H, W, out] */
export function resnetBlock(p: Parameters, x: Tensor, { out, groups, epsilon, time }: ResnetOptions): Tensor {
  let h = conv2d(p.at('conv1'), groupNormSilu(p.at('norm1'), x, groups, epsilon), out);
  if (time) h = h.add(linear(p.at('time_emb_proj'), time, out).reshape([-1, 1, 1, out]));
  h = conv2d(p.at('conv2'), groupNormSilu(p.at('norm2'), h, groups, epsilon), out);
  const shortcut = x.shape[3] === out ? x : conv2d(p.at('conv_shortcut'), x, out, { kernel: 1 });
  return shortcut.add(h);
}

/** diffusers' Downsample2D: halves the size. A padding of 0 means zeros only below and on the right. */
export function downsample(p: Parameters, x: Tensor, padding: number): Tensor {
  return conv2d(p.at('conv'), x, x.shape[3]!, { stride: 2, padding: padding === 0 ? [0, 1] : padding });
}

/** diffusers' Upsample2D: nearest neighbors to `size` (default: twice the size), then a convolution. */
export function upsample(p: Parameters, x: Tensor, size?: [height: number, width: number]): Tensor {
  const [, height, width, channels] = x.shape as [number, number, number, number];
  const larger = tf.image.resizeNearestNeighbor(x as never, size ?? [2 * height, 2 * width]) as Tensor;
  return conv2d(p.at('conv'), larger, channels);
}

/** Repeats all rows of x up to `rows`, a multiple of their number. */
export function repeatRows(x: Tensor, rows: number): Tensor {
  const times = rows / x.shape[0]!;
  return times === 1 ? x : repeated(times)(x);
}

/**
 * Makes the gradient a single sum. By default it is slices of one buffer, which TensorFlow would add to other gradients
 * in an order that depends on which operation finishes first.
 */
const repeated = (times: number) =>
  differentiable(
    ([x]) => tf.concat(new Array<Tensor>(times).fill(x!), 0),
    (dy) => [dy.reshape([times, dy.shape[0]! / times, ...dy.shape.slice(1)]).sum(0)],
  );
