import { product } from '../../common/product.ts';
import { RandomStream } from '../../common/random.ts';
import { sha256 } from '../../common/files.ts';

/**
 * The start noise z_T ~ N(0, I) of one picture. It depends on the seed, the prompt and the number of the sample alone:
 * every arm of an evaluation, and the rollout, start from the same latents.
 * @param shape [h, w, C]; the values are in this order
 */
export function startNoise(seed: number, promptId: string, sample: number, shape: readonly number[]): Float32Array {
  const prompt = parseInt(sha256(promptId).slice(0, 8), 16);
  return new RandomStream(seed, 'noise', prompt, sample).normal(product(shape));
}
