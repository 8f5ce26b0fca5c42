import { product } from '../../common/product.ts';
import { RandomStream } from '../../common/random.ts';
import { sha256 } from '../../common/files.ts';

/**
 * Draws the start noise z_T ~ N(0, I) of one picture. It depends only on the seed, the prompt and the sample's number,
 * so the rollout and every arm of an evaluation (a model under comparison) start from the same latents.
 * @param shape [h, w, C]; the values are in this order
 */
export function startNoise(seed: number, promptId: string, sample: number, shape: readonly number[]): Float32Array {
  const prompt = parseInt(sha256(promptId).slice(0, 8), 16);
  return new RandomStream(seed, 'noise', prompt, sample).normal(product(shape));
}
