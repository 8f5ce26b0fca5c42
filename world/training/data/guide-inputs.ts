import { RandomStream } from '../../../common/random.ts';
import { joined, pictureAt } from './picture-bank.ts';
import type { PictureSet } from './picture-set.ts';
import type { WorldData } from './world-data.ts';

/**
 * Returns the masks of an inpainting UNet, [cells] each, and the pictures with their masked cells in gray.
 * @param seed draws how far the hidden area exceeds the object; without it, hides just the object's rectangle
 */
export function hiddenPictures<S>(
  data: WorldData<S>,
  pictures: PictureSet<{ readonly scene: S }>,
  seed?: number,
): { masks: Float32Array[]; hidden: Float32Array } {
  const masks = pictures.records.map(({ scene }, i) =>
    data.hiddenCells(scene, seed === undefined ? undefined : new RandomStream(seed, 'hidden cells', i)),
  );
  return { masks, hidden: joined(masks.map((mask, i) => data.hide(pictureAt(pictures, i), mask))) };
}

/**
 * Returns an inpainting UNet's extra input in diffusers' order: the mask, then the masked picture's latents.
 * @param latents [count, h, w, C]
 * @returns [count, h, w, 1 + C]
 */
export function inpaintingInput(masks: readonly Float32Array[], latents: Float32Array): Float32Array {
  const cells = masks[0]!.length;
  const channels = latents.length / (masks.length * cells);
  const input = new Float32Array(masks.length * cells * (1 + channels));
  for (let cell = 0; cell < masks.length * cells; cell++) {
    input[cell * (1 + channels)] = masks[Math.floor(cell / cells)]![cell % cells]!;
    input.set(latents.subarray(cell * channels, (cell + 1) * channels), cell * (1 + channels) + 1);
  }
  return input;
}
