import type { Weights } from '../../../engine/weights/weights.ts';
import { joined } from '../data/picture-bank.ts';
import { decodeLatents, encodePictures } from '../networks/picture-latents.ts';
import type { Recipe } from '../recipes/recipe.ts';

/** Encodes and decodes pictures in [0, 1]. */
export function afterAutoencoder(
  recipe: Pick<Recipe, 'vae'>,
  pictures: readonly Float32Array[],
  vae: Weights,
): Float32Array[] {
  const decoded = decodeLatents(recipe, encodePictures(recipe, joined(pictures), vae), vae);
  const pixels = decoded.length / pictures.length;
  return pictures.map((_, i) => decoded.subarray(i * pixels, (i + 1) * pixels));
}
