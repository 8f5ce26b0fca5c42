import { float32, type TensorSpec, type Tensors } from '../../engine/program/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import type { Draw } from '../generator/generator.ts';

/** Random changes to the decoded picture before it is scored, so that pixels at one place cannot game the rewards. */
export interface PictureAugmentation {
  /** Largest share of height and width that a crop cuts away; the rest is stretched to the full size. */
  crop: number;
  /** Mirrors half of the pictures horizontally. */
  flip: boolean;
  /** Side of a gray square at a random place, as a share of the picture's. */
  cutout: number;
}

export const changesPictures = ({ crop, flip, cutout }: PictureAugmentation): boolean => crop > 0 || flip || cutout > 0;

/**
 * Inputs of {@link augmentPictures}. Crop and mirror are two matrices for each picture, one for its rows and one for
 * its columns, like the rewards' resize; the cutout is a mask.
 */
export const pictureSpecs = (batch: number, height: number, width: number): Record<string, TensorSpec> => ({
  rows: float32(batch, height, height),
  columns: float32(batch, width, width),
  mask: float32(batch, height, width, 1),
});

/** Draws these inputs for each sample; without a random stream, pictures stay unchanged. */
export function drawPictures(
  { crop, flip, cutout }: PictureAugmentation,
  [batch, height, width]: readonly [number, number, number],
  draw: Draw | undefined,
): Tensors {
  const rows = new Float32Array(batch * height * height);
  const columns = new Float32Array(batch * width * width);
  const mask = new Float32Array(batch * height * width).fill(1);
  for (let i = 0; i < batch; i++) {
    const stream = draw?.('picture', i);
    const uniform = () => stream?.uniform() ?? 0;
    const share = 1 - crop * uniform();
    const [y, x, mirror] = [uniform(), uniform(), uniform() >= 0.5];
    rows.set(cropMatrix(height, share, y, false), i * height * height);
    columns.set(cropMatrix(width, share, x, flip && mirror), i * width * width);
    if (!stream || cutout === 0) continue;
    const [h, w] = [Math.round(cutout * height), Math.round(cutout * width)];
    const [top, left] = [stream.integer(height - h + 1), stream.integer(width - w + 1)];
    for (let r = top; r < top + h; r++)
      mask.fill(0, (i * height + r) * width + left, (i * height + r) * width + left + w);
  }
  return {
    rows: tf.tensor3d(rows, [batch, height, height]) as Tensor,
    columns: tf.tensor3d(columns, [batch, width, width]) as Tensor,
    mask: tf.tensor4d(mask, [batch, height, width, 1]) as Tensor,
  };
}

/**
 * Returns the matrix that stretches a piece of an axis over the whole axis by linear interpolation. [size, size],
 * row-major
 * @param share length of the piece as a share of the axis
 * @param at start of the piece: 0 at the beginning of the axis, 1 as late as possible
 */
function cropMatrix(size: number, share: number, at: number, mirror: boolean): Float32Array {
  const matrix = new Float32Array(size * size);
  const start = (size - share * size) * at;
  for (let i = 0; i < size; i++) {
    const center = Math.min(size - 1, Math.max(0, start + (i + 0.5) * share - 0.5));
    const below = Math.floor(center);
    const row = (mirror ? size - 1 - i : i) * size;
    matrix[row + below]! += 1 - (center - below);
    if (center > below) matrix[row + below + 1]! += center - below;
  }
  return matrix;
}

/** Crops and mirrors, both linear in the picture, then cuts out a gray square. picture [B, H, W, C] -> [B, H, W, C] */
export function augmentPictures(picture: Tensor, { rows, columns, mask }: Tensors): Tensor {
  const [batch, height, width, channels] = picture.shape as [number, number, number, number];
  const turned = [batch, width, height, channels];
  const along = (matrix: Tensor, t: Tensor) =>
    tf.matMul(matrix as never, t.reshape([batch, t.shape[1]!, -1]) as never).reshape(t.shape) as Tensor;
  const vertical = along(rows!, picture).transpose([0, 2, 1, 3]).reshape(turned);
  const both = along(columns!, vertical).transpose([0, 2, 1, 3]);
  return both.mul(mask!).add(tf.sub(1, mask!).mul(0.5));
}
