import type { Recipe } from './recipe.ts';
import {
  smallClip,
  smallFilmCnn,
  smallPreprocessing,
  smallUnet,
  smallVae,
  stableDiffusionSchedule,
} from './small-models.ts';

const SIDE = 32;
const LATENT_CHANNELS = 8;
const CONTEXT_LENGTH = 32;
const second = smallUnet([40, 80], LATENT_CHANNELS);

/** The shapes world: pictures of 32 x 32, latents of 8 x 8 x 8. */
export const shapesRecipe: Recipe = {
  vae: smallVae(SIDE, [16, 32, 64], LATENT_CHANNELS),
  unet: smallUnet([48, 96], LATENT_CHANNELS),
  second,
  inpainting: { ...second, in_channels: 2 * LATENT_CHANNELS + 1 },
  control: { ...second, in_channels: LATENT_CHANNELS + 16 },
  scheduler: stableDiffusionSchedule,
  contextLength: CONTEXT_LENGTH,
  clip: (vocabulary) => smallClip(vocabulary, CONTEXT_LENGTH, { side: SIDE, patch: 4 }),
  preprocessing: smallPreprocessing(SIDE),
  heldOut: (vocabulary) => smallFilmCnn(vocabulary, CONTEXT_LENGTH, { side: SIDE, channels: [24, 48, 96] }),
  webExamples: 16_000,
  clearExamples: 0,
  bankPictures: 12_000,
  steps: {
    vae: 4000,
    base: 2000,
    draft: 5000,
    layout: 1800,
    unet: 2000,
    clip: 2500,
    preference: 1200,
    aesthetic: 1200,
    heldOut: 2500,
    second: 5000,
    inpainting: 1500,
    control: 1500,
  },
  autoencoder: { absolute: 0.3, edges: 0, coarse: 0, divergence: 1e-4 },
  denoising: { exponent: 1, sampled: { share: 0, weights: [] } },
};
