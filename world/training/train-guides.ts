import { RandomStream } from '../../common/random.ts';
import { hiddenCells, hide, silhouette } from '../scenes/guides.ts';
import type { Scene } from '../scenes/scene.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import { encodePictures } from './picture-latents.ts';
import { LATENT_SHAPE, PIXELS } from './recipe.ts';
const CELLS = LATENT_SHAPE[0] * LATENT_SHAPE[1];
const CHANNELS = LATENT_SHAPE[2];

/**
 * Returns an inpainting UNet's extra input in diffusers' order: the mask, then the latents of the picture with the masked
 * cells in grey.
 * @param pictures [count, 32, 32, 3] in [0, 1], of `scenes`
 * @param seed draws how far the hidden area exceeds the object; without it, hides just the object's rectangle
 * @returns [count, 8, 8, 1 + C]
 */
export function inpaintingGuide(
  pictures: Float32Array,
  scenes: readonly Scene[],
  vae: Weights,
  seed?: number,
): Float32Array {
  const masks = scenes.map((scene, i) =>
    hiddenCells(scene, seed === undefined ? undefined : new RandomStream(seed, 'hidden cells', i)),
  );
  const hidden = new Float32Array(pictures.length);
  masks.forEach((cells, i) => hidden.set(hide(pictures.subarray(i * PIXELS, (i + 1) * PIXELS), cells), i * PIXELS));
  const latents = encodePictures(hidden, vae);
  const guide = new Float32Array(scenes.length * CELLS * (1 + CHANNELS));
  for (let cell = 0; cell < scenes.length * CELLS; cell++) {
    guide[cell * (1 + CHANNELS)] = masks[Math.floor(cell / CELLS)]![cell % CELLS]!;
    guide.set(latents.subarray(cell * CHANNELS, (cell + 1) * CHANNELS), cell * (1 + CHANNELS) + 1);
  }
  return guide;
}

/** Returns the extra input of a UNet with a control image: the object's silhouette. [count, 8, 8, 16] */
export function controlGuide(scenes: readonly Scene[]): Float32Array {
  const size = LATENT_SHAPE[0] * LATENT_SHAPE[1] * 16;
  const guide = new Float32Array(scenes.length * size);
  scenes.forEach((scene, i) => guide.set(silhouette(scene), i * size));
  return guide;
}

/** Adds input channels to a UNet's first convolution, with zero weights, so that it ignores them at first. */
export function widenInput(unet: Weights, channels: number): Weights {
  const { shape, data } = unet.get('conv_in.weight')!; // [out, in, 3, 3]
  const [out, before, height, width] = shape as [number, number, number, number];
  const wider = new Float32Array(out * channels * height * width);
  const row = before * height * width;
  for (let o = 0; o < out; o++) wider.set(data.subarray(o * row, (o + 1) * row), o * channels * height * width);
  return new Map([...unet, ['conv_in.weight', { shape: [out, channels, height, width], data: wider }]]);
}
