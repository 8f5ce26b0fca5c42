import { tf, type Tensor } from '../../engine/tensorflow.ts';

/** Parameters of a blob: position (x, y, z), size, color (red, green, blue), all unbounded. */
export const BLOB = 7;

/** Blobs in the cube [-1, 1]^3. */
export interface Scene {
  /** [B, N, 3] */
  places: Tensor;
  /** Standard deviation of a blob's density. [B, N, 1] */
  sizes: Tensor;
  /** In [0, 1]. [B, N, 3] */
  colors: Tensor;
}

/** Maps unbounded parameters [B, N, 7] to blobs. */
export function sceneOf(parameters: Tensor): Scene {
  const [places, sizes, colors] = tf.split(parameters, [3, 1, 3], 2) as [Tensor, Tensor, Tensor];
  return { places: places.tanh(), sizes: sizes.sigmoid().mul(0.4).add(0.08), colors: colors.sigmoid() };
}

/** The axes of a view: across, up, and the viewing direction. */
export interface View {
  across: 0 | 1 | 2;
  up: 0 | 1 | 2;
  along: 0 | 1 | 2;
}
export const FRONT: View = { across: 0, up: 1, along: 2 };
export const SIDE: View = { across: 2, up: 1, along: 0 };

/** Strength with which nearer blobs hide those behind them. */
const OPACITY = 4;

/**
 * Splats the blobs along an axis, without perspective: each pixel is the weighted mean of the white background and the
 * blobs' colors, which are weighted by density and exponentially by nearness. Differentiable in all parameters.
 * @returns pictures [B, size, size, 3] in [0, 1]
 */
export function render({ places, sizes, colors }: Scene, { across, up, along }: View, size: number): Tensor {
  const [batch, blobs] = places.shape as [number, number, number];
  const axis = (index: number) => places.slice([0, 0, index], [batch, blobs, 1]);
  const pixels = Float32Array.from({ length: size }, (_, i) => ((i + 0.5) / size) * 2 - 1);
  const far = (index: number, values: Float32Array) =>
    axis(index)
      .sub(tf.tensor(values, [1, 1, size]))
      .square()
      .div(sizes.square().mul(-2));
  // exp(-d^2 / 2 s^2) of columns and rows; their product is the density. [B, N, size] each
  const columns = far(across, pixels).exp();
  const rows = far(
    up,
    pixels.map((y) => -y),
  ).exp();
  const near = axis(along).mul(OPACITY).exp();
  const density = rows
    .mul(near)
    .reshape([batch, blobs, size, 1])
    .mul(columns.reshape([batch, blobs, 1, size]));
  const weights = density.reshape([batch, blobs, size * size]);
  const painted = tf.matMul(weights as never, colors as never, true, false) as Tensor;
  const covered = weights.sum(1).reshape([batch, size * size, 1]);
  const background = 0.2;
  return painted.add(background).div(covered.add(background)).reshape([batch, size, size, 3]);
}
