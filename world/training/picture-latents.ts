import { product } from '../../common/product.ts';
import { Program, float32 } from '../../engine/program/program.ts';
import { tf } from '../../engine/tensorflow.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import { vaeDecode, vaeEncode } from '../../models/vae/vae.ts';
import { IMAGE_SHAPE, LATENT_SHAPE, vaeConfig } from './recipe.ts';

const BATCH = 64;
const CHANNELS = LATENT_SHAPE[2];

/** Runs `f` on batches of the rows of `data` (each of `shape`); pads the last batch with zeros. */
function mapBatches(
  data: Float32Array,
  shape: readonly number[],
  weights: Weights,
  f: Parameters<Program['entry']>[2],
): Float32Array {
  const program = new Program();
  program.entry('map', { x: float32(BATCH, ...shape) }, f);
  program.compile();
  program.load('vae', weights);
  const size = product(shape);
  const count = data.length / size;
  const results: Float32Array[] = [];
  for (let start = 0; start < count; start += BATCH) {
    const batch = new Float32Array(BATCH * size);
    batch.set(data.subarray(start * size, Math.min(count, start + BATCH) * size));
    const x = tf.tensor(batch, [BATCH, ...shape]);
    const { y } = program.run('map', { x }) as { y: typeof x };
    const values = y.dataSync() as Float32Array;
    results.push(values.subarray(0, (values.length / BATCH) * Math.min(BATCH, count - start)));
    x.dispose();
    y.dispose();
  }
  program.dispose();
  const joined = new Float32Array(results.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of results) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Encodes pictures in [0, 1] into posterior means. [count, 32, 32, 3] -> [count, 8, 8, C] */
export function encodePictures(pictures: Float32Array, vae: Weights): Float32Array {
  return mapBatches(pictures, IMAGE_SHAPE, vae, ({ x }, scope) => ({
    y: vaeEncode(scope.parameters('vae'), vaeConfig, x!.mul(2).sub(1)).mean,
  }));
}

/** Decodes latents into pictures in [0, 1]. [count, 8, 8, C] -> [count, 32, 32, 3] */
export function decodeLatents(latents: Float32Array, vae: Weights): Float32Array {
  return mapBatches(latents, LATENT_SHAPE, vae, ({ x }, scope) => ({
    y: vaeDecode(scope.parameters('vae'), vaeConfig, x!).mul(0.5).add(0.5).clipByValue(0, 1),
  }));
}

/**
 * Returns the same autoencoder with latents of mean 0 and standard deviation 1 in every channel. The 1x1 convolutions on
 * both sides absorb the rescaling, so it is invisible to readers.
 */
export function whiten(vae: Weights, latents: Float32Array): Weights {
  const mean = new Float64Array(CHANNELS);
  const square = new Float64Array(CHANNELS);
  const count = latents.length / CHANNELS;
  latents.forEach((value, i) => {
    mean[i % CHANNELS]! += value / count;
    square[i % CHANNELS]! += (value * value) / count;
  });
  const deviation = square.map((s, c) => Math.sqrt(s - mean[c]! ** 2));
  const copy = new Map([...vae].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));
  const tensor = (name: string) => copy.get(name)!.data;
  const [quant, quantBias] = [tensor('quant_conv.weight'), tensor('quant_conv.bias')]; // [2C, 2C, 1, 1]: mean, then log variance
  const [post, postBias] = [tensor('post_quant_conv.weight'), tensor('post_quant_conv.bias')]; // [C, C, 1, 1]
  const original = post.slice();
  for (let c = 0; c < CHANNELS; c++) {
    const [m, s] = [mean[c]!, deviation[c]!];
    for (let i = 0; i < 2 * CHANNELS; i++) quant[c * 2 * CHANNELS + i]! /= s;
    quantBias[c] = (quantBias[c]! - m) / s;
    quantBias[CHANNELS + c]! -= 2 * Math.log(s);
    for (let out = 0; out < CHANNELS; out++) {
      post[out * CHANNELS + c]! *= s;
      postBias[out]! += original[out * CHANNELS + c]! * m;
    }
  }
  return copy;
}
