import { product } from '../../../common/product.ts';
import { Program, float32 } from '../../../engine/program/program.ts';
import { tf } from '../../../engine/tensorflow.ts';
import type { Weights } from '../../../engine/weights/weights.ts';
import { vaeDecode, vaeEncode } from '../../../models/vae/vae.ts';
import { joined } from '../data/picture-bank.ts';
import { imageShape, latentShape, type Recipe } from '../recipes/recipe.ts';

const BATCH = 64;

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
  return joined(results);
}

/** Encodes pictures in [0, 1] into posterior means. [count, side, side, 3] -> [count, h, w, C] */
export function encodePictures(recipe: Pick<Recipe, 'vae'>, pictures: Float32Array, vae: Weights): Float32Array {
  return mapBatches(pictures, imageShape(recipe), vae, ({ x }, scope) => ({
    y: vaeEncode(scope.parameters('vae'), recipe.vae, x!.mul(2).sub(1)).mean,
  }));
}

/** Decodes latents into pictures in [0, 1]. [count, h, w, C] -> [count, side, side, 3] */
export function decodeLatents(recipe: Pick<Recipe, 'vae'>, latents: Float32Array, vae: Weights): Float32Array {
  return mapBatches(latents, latentShape(recipe), vae, ({ x }, scope) => ({
    y: vaeDecode(scope.parameters('vae'), recipe.vae, x!).mul(0.5).add(0.5).clipByValue(0, 1),
  }));
}

/**
 * Returns the same autoencoder with latents of mean 0 and standard deviation 1 in every channel. The 1x1 convolutions on
 * both sides absorb the rescaling, so it is invisible to readers.
 */
export function whiten({ vae: { latent_channels: channels } }: Recipe, vae: Weights, latents: Float32Array): Weights {
  const mean = new Float64Array(channels);
  const square = new Float64Array(channels);
  const count = latents.length / channels;
  latents.forEach((value, i) => {
    mean[i % channels]! += value / count;
    square[i % channels]! += (value * value) / count;
  });
  const deviation = square.map((s, c) => Math.sqrt(s - mean[c]! ** 2));
  const copy = new Map([...vae].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));
  const tensor = (name: string) => copy.get(name)!.data;
  const [quant, quantBias] = [tensor('quant_conv.weight'), tensor('quant_conv.bias')]; // [2C, 2C, 1, 1]: mean, then log variance
  const [post, postBias] = [tensor('post_quant_conv.weight'), tensor('post_quant_conv.bias')]; // [C, C, 1, 1]
  const original = post.slice();
  for (let c = 0; c < channels; c++) {
    const [m, s] = [mean[c]!, deviation[c]!];
    for (let i = 0; i < 2 * channels; i++) quant[c * 2 * channels + i]! /= s;
    quantBias[c] = (quantBias[c]! - m) / s;
    quantBias[channels + c]! -= 2 * Math.log(s);
    for (let out = 0; out < channels; out++) {
      post[out * channels + c]! *= s;
      postBias[out]! += original[out * channels + c]! * m;
    }
  }
  return copy;
}
