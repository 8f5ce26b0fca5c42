import type { Json } from '../../../models/folder/network-config.ts';
import type { UnetConfig } from '../../../models/unet/unet.ts';
import type { VaeConfig } from '../../../models/vae/vae.ts';
import type { FilmCnnConfig } from '../../../rewards/files/film-cnn-files.ts';
import type { Preprocessing } from '../../../rewards/preprocess.ts';
import type { Vocabulary, smallClip } from './small-models.ts';

/** Steps of a world's build that render the pictures from which the others learn. */
export const DATA_STEPS = ['web', 'clear', 'bank', 'heldOutBank'] as const;
export type DataStep = (typeof DATA_STEPS)[number];

/** Steps of a world's build that train a model, in order of dependence. */
const TRAINING_STEPS = [
  'vae',
  'decoder',
  'base',
  'draft',
  'layout',
  'unet',
  'clip',
  'preference',
  'aesthetic',
  'heldOut',
  'second',
  'inpainting',
  'control',
] as const;
export type TrainingStep = (typeof TRAINING_STEPS)[number];

export type WorldStep = DataStep | TrainingStep;

/** How a world's models are made: their configurations, in diffusers' and transformers' formats, and their training. */
export interface Recipe {
  readonly vae: VaeConfig & { readonly sample_size: number };
  readonly unet: UnetConfig;
  /** A UNet of other widths, trained separately, to try a tuned text encoder on a UNet it was not tuned with. */
  readonly second: UnetConfig;
  /** The second UNet with the mask and the masked picture's latents as further inputs. */
  readonly inpainting: UnetConfig;
  /** The second UNet with a control image as further input. */
  readonly control: UnetConfig;
  readonly scheduler: Json;
  /** Maximum tokens of a prompt, with start and end. */
  readonly contextLength: number;
  /** transformers' CLIPModel for a vocabulary. */
  readonly clip: (vocabulary: Vocabulary) => ReturnType<typeof smallClip>;
  /** Preprocessing of pictures for the CLIP models. */
  readonly preprocessing: Preprocessing;
  /** Network of the held-out reward: its architecture and its reading of the prompt differ from the other rewards'. */
  readonly heldOut: (vocabulary: Vocabulary) => FilmCnnConfig;
  /** Number of pictures in the web-like set. */
  readonly webExamples: number;
  /**
   * Number of mostly good pictures without captions that the autoencoder also learns from: in dull pictures alone, colors
   * and edges hardly count. 0 for none.
   */
  readonly clearExamples: number;
  /** Number of pictures in each reward's set. */
  readonly bankPictures: number;
  /** Optimizer steps; a world that leaves a step out is built without it. */
  readonly steps: Partial<Record<TrainingStep, number>>;
  readonly autoencoder: AutoencoderLoss;
  readonly denoising: DenoisingLoss;
}

/** Weights of the autoencoder's loss beside the squared error. */
interface AutoencoderLoss {
  readonly absolute: number;
  /** Of the absolute error in the differences between neighboring pixels. */
  readonly edges: number;
  /** Of the squared error in the means of cells of 4 x 4 and 8 x 8 pixels. */
  readonly coarse: number;
  /** Of the divergence from a standard normal. */
  readonly divergence: number;
}

/** What the UNet learns. */
interface DenoisingLoss {
  /** Power of the uniform number that draws a timestep: below 1 the noisy ones, which decide the layout, come more often. */
  readonly exponent: number;
  /** Share of examples at the timesteps of the sampler, and the weights of these, from noise to picture. */
  readonly sampled: { readonly share: number; readonly weights: readonly number[] };
}

/** A picture: [side, side, 3]. */
export const imageShape = ({ vae }: Pick<Recipe, 'vae'>): readonly [number, number, number] => [
  vae.sample_size,
  vae.sample_size,
  3,
];

/** Its latents: [side / f, side / f, C]. */
export const latentShape = ({ vae }: Pick<Recipe, 'vae'>): readonly [number, number, number] => {
  const cells = vae.sample_size / 2 ** (vae.block_out_channels.length - 1);
  return [cells, cells, vae.latent_channels];
};

/** The steps of a world's build. */
export const stepsOf = ({ steps, clearExamples }: Pick<Recipe, 'steps' | 'clearExamples'>): WorldStep[] => [
  ...DATA_STEPS.filter((step) => step !== 'clear' || clearExamples > 0),
  ...TRAINING_STEPS.filter((step) => step in steps),
];

/** The step that finishes the autoencoder. */
export const autoencoderStep = ({ steps }: Pick<Recipe, 'steps'>): TrainingStep =>
  steps.decoder === undefined ? 'vae' : 'decoder';
