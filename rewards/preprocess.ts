import { bicubicMatrix } from '../common/pictures/bicubic.ts';
import { roundHalfToEven } from '../common/rounding.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';

export { CLIP_MEAN, CLIP_STD } from '../models/clip/clip-config.ts';

/** The form in which a reward model takes pictures. */
export interface Preprocessing {
  /** Height and width that the model sees, in pixels. */
  size: number;
  /**
   * Treatment of a picture that is not square:
   *   crop  the shorter side is resized to `size`, the center is kept (CLIP, PickScore, aesthetic)
   *   pad   the longer side is resized to `size`, black is added around (HPSv2)
   */
  fit: 'crop' | 'pad';
  /** Mean and standard deviation of each channel in the model's training. */
  mean: readonly number[];
  std: readonly number[];
}

/**
 * Prepares a picture for a reward model. image [B, H, W, 3] in [0, 1] -> [B, size, size, 3], normalized;
 * differentiable.
 */
export function preprocess(image: Tensor, { size, fit, mean, std }: Preprocessing): Tensor {
  const [, height, width] = image.shape as [number, number, number, number];
  const side = fit === 'crop' ? Math.min(height, width) : Math.max(height, width);
  // torchvision truncates the longer side to whole pixels; HPSv2's own resize rounds it.
  const scaled = (length: number) => (fit === 'crop' ? Math.floor : roundHalfToEven)((length * size) / side);
  const resized = resizeBicubic(image, scaled(height), scaled(width));
  const square = fit === 'crop' ? centerCrop(resized, size) : padToSquare(resized, size);
  return square.sub(tf.tensor1d([...mean])).div(tf.tensor1d([...std]));
}

/**
 * Resizes by antialiased bicubic interpolation, as torchvision does with antialias=True (and PIL, apart from its
 * rounding to bytes): one matrix product per axis. Values may leave the input's range slightly, as they do there.
 * @param image [B, H, W, C] -> [B, height, width, C]
 */
export function resizeBicubic(image: Tensor, height: number, width: number): Tensor {
  const [batch, h, w, channels] = image.shape as [number, number, number, number];
  let x = image;
  if (w !== width) {
    const rows = x.transpose([0, 1, 3, 2]).reshape([batch * h * channels, w]);
    const matrix = tf.tensor2d(bicubicMatrix(w, width), [width, w]);
    x = rows
      .matMul(matrix as never, false, true)
      .reshape([batch, h, channels, width])
      .transpose([0, 1, 3, 2]);
  }
  if (h !== height) {
    const columns = x.transpose([0, 2, 3, 1]).reshape([batch * width * channels, h]);
    const matrix = tf.tensor2d(bicubicMatrix(h, height), [height, h]);
    x = columns
      .matMul(matrix as never, false, true)
      .reshape([batch, width, channels, height])
      .transpose([0, 3, 1, 2]);
  }
  return x;
}

function centerCrop(image: Tensor, size: number): Tensor {
  const [batch, height, width, channels] = image.shape as [number, number, number, number];
  if (height === size && width === size) return image;
  const start = (length: number) => roundHalfToEven((length - size) / 2);
  return image.slice([0, start(height), start(width), 0], [batch, size, size, channels]);
}

function padToSquare(image: Tensor, size: number): Tensor {
  const [, height, width] = image.shape as [number, number, number, number];
  if (height === size && width === size) return image;
  const around = (length: number): [number, number] => [(size - length) >> 1, (size - length + 1) >> 1];
  return tf.pad(image, [[0, 0], around(height), around(width), [0, 0]]);
}
