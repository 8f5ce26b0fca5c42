/**
 * Block-wise dynamic quantization to 8 bits (Dettmers et al., "8-bit optimizers via block-wise quantization", arXiv
 * 2110.02861). Each block is divided by its largest magnitude; each quotient is stored as the index of the nearest
 * value in a map whose values are denser near zero.
 */
import { product } from '../../common/product.ts';
import { bucketize } from '../../engine/program/operations.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';

/** Number of values that share a scale, as in bitsandbytes' optimizers. */
const BLOCK = 256;
/** Number of powers of ten that a map spans. */
const POWERS = 7;
const { fround } = Math;

/**
 * Returns bitsandbytes' create_dynamic_map, ascending: 0, 1, and for each power of ten from 1e-6 to 1 twice as many
 * values as for the one below, spread evenly between 0.1 and 1 of it. It rounds to float32 where torch does, so it is
 * equal bit for bit.
 * @param signed includes negative values; an unsigned map has twice as many positive ones
 */
export function dynamicMap(signed: boolean): Float32Array {
  const values = [0, 1];
  for (let i = 0; i < POWERS; i++) {
    const count = 2 ** (signed ? i : i + 1);
    const bounds = linspace(fround(0.1), count + 1);
    for (let k = 0; k < count; k++) {
      const value = fround(fround(10 ** (i - POWERS + 1)) * fround(fround(bounds[k]! + bounds[k + 1]!) / 2));
      values.push(value, ...(signed ? [-value] : []));
    }
  }
  return Float32Array.from(values).sort();
}

/**
 * torch.linspace from `start` to 1 in float32: each half counts from its own end, rounded once (fused multiply-add).
 */
function linspace(start: number, count: number): number[] {
  const step = fround(fround(1 - start) / (count - 1));
  return Array.from({ length: count }, (_, i) =>
    fround(i < count >> 1 ? start + step * i : 1 - step * (count - 1 - i)),
  );
}

/** A tensor in 8 bits: indices of map values, int32 [blocks, 256], and each block's largest magnitude [blocks, 1]. */
export interface Quantized {
  codes: Tensor;
  scales: Tensor;
}

/** Returns the shapes for a tensor of this size. The last block is padded with zeros. */
export function quantizedShapes(size: number): { codes: [number, number]; scales: [number, number] } {
  const blocks = Math.ceil(size / BLOCK);
  return { codes: [blocks, BLOCK], scales: [blocks, 1] };
}

export function quantize(x: Tensor, map: Float32Array): Quantized {
  const { codes: shape } = quantizedShapes(x.size);
  const blocks = x
    .reshape([-1])
    .pad([[0, shape[0] * shape[1] - x.size]])
    .reshape(shape);
  const scales = blocks.abs().max(1, true) as Tensor;
  // The nearest value changes halfway between two values.
  const halfway = Array.from(map.subarray(1), (value, i) => fround((value + map[i]!) / 2));
  return { codes: bucketize(tf.divNoNan(blocks, scales), halfway), scales };
}

/** @param shape shape of the original tensor */
export function dequantize({ codes, scales }: Quantized, map: Float32Array, shape: readonly number[]): Tensor {
  const size = product(shape);
  const values = tf.gather(tf.tensor1d(map), codes as never).mul(scales);
  return values
    .reshape([-1])
    .slice([0], [size])
    .reshape([...shape]);
}
