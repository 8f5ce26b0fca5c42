import type { Recipe } from './recipe.ts';
import {
  smallClip,
  smallFilmCnn,
  smallPreprocessing,
  smallUnet,
  smallVae,
  stableDiffusionSchedule,
} from './small-models.ts';

const SIDE = 64;
const LATENT_CHANNELS = 12;
const CONTEXT_LENGTH = 32;
/**
 * Share of pictures of the harder tier (several objects, world/scenes/gallery/compositions) among those that the models
 * learn from. Above 0, the tokenizer has the harder tier's words too.
 */
export const HARD_SHARE: number = 0.2;

const second = smallUnet([48, 96], LATENT_CHANNELS);

/**
 * The gallery: pictures of 64 x 64, latents of 8 x 8 x 12. The first step of sampling starts from noise alone and predicts
 * velocity (Lin et al. 2024), so that the text decides how bright and colorful a picture is.
 */
export const galleryRecipe: Recipe = {
  // Latents of a standard deviation of .5 leave more of the schedule to the layout.
  vae: { ...smallVae(SIDE, [16, 32, 64, 64], LATENT_CHANNELS), scaling_factor: 0.5 },
  unet: smallUnet([56, 112], LATENT_CHANNELS),
  second,
  inpainting: { ...second, in_channels: 2 * LATENT_CHANNELS + 1 },
  control: { ...second, in_channels: LATENT_CHANNELS + 64 },
  scheduler: {
    ...stableDiffusionSchedule,
    prediction_type: 'v_prediction',
    rescale_betas_zero_snr: true,
    timestep_spacing: 'trailing',
  },
  contextLength: CONTEXT_LENGTH,
  clip: (vocabulary) => smallClip(vocabulary, CONTEXT_LENGTH, { side: SIDE, patch: 8 }),
  preprocessing: smallPreprocessing(SIDE),
  heldOut: (vocabulary) => smallFilmCnn(vocabulary, CONTEXT_LENGTH, { side: SIDE, channels: [16, 32, 64, 96] }),
  webExamples: 16_000,
  clearExamples: 11_500,
  bankPictures: 13_500,
  steps: {
    vae: 3000,
    decoder: 4500,
    base: 2000,
    layout: 3500,
    unet: 16_000,
    clip: 3000,
    preference: 1200,
    aesthetic: 1200,
    heldOut: 2500,
    second: 4000,
    inpainting: 1500,
    control: 1500,
  },
  autoencoder: { absolute: 0.3, edges: 0.15, coarse: 4, divergence: 1e-6 },
  denoising: { exponent: 0.65, sampled: { share: 0.5, weights: [4, 3, 2, 1, 1, 1, 1, 1] } },
};
