import { product } from '../../../common/product.ts';
import { RandomStream } from '../../../common/random.ts';
import { Program, float32 } from '../../../engine/program/program.ts';
import { tf, type Tensor } from '../../../engine/tensorflow.ts';
import type { Weights } from '../../../engine/weights/weights.ts';
import { vaeDecode, vaeEncode } from '../../../models/vae/vae.ts';
import { initialize } from '../../../training/generator/initialize.ts';
import { imageShape, latentShape, type Recipe } from '../recipes/recipe.ts';
import { FIT_INPUTS, descend, fitGroup, type Fit } from './fit-network.ts';

const BATCH = 16;

export interface AutoencoderTraining {
  /** [count, side, side, 3] in [0, 1]. */
  pictures: Float32Array;
  seed: number;
  steps: number;
  report: Fit['report'];
}

/** Trains the autoencoder on pictures with squared and absolute error, and a weak KL pull to a standard normal. */
export function trainVae(recipe: Recipe, { pictures, seed, steps, report }: AutoencoderTraining): Weights {
  const [image, latent] = [imageShape(recipe), latentShape(recipe)];
  const { divergence: weight } = recipe.autoencoder;
  const program = new Program();
  program.entry(
    'step',
    { image: float32(BATCH, ...image), noise: float32(BATCH, ...latent), ...FIT_INPUTS },
    ({ image, noise, ...numbers }, scope) =>
      descend(scope, ['vae'], numbers, () => {
        const { mean, logvar } = vaeEncode(scope.parameters('vae'), recipe.vae, image);
        const z = mean.add(noise.mul(logvar.mul(0.5).exp()));
        const divergence = mean.square().add(logvar.exp()).sub(1).sub(logvar).mul(0.5).mean();
        return reconstructionLoss(recipe, vaeDecode(scope.parameters('vae'), recipe.vae, z), image).add(
          divergence.mul(weight),
        );
      }),
  );
  return fitGroup('vae', (parameters) => withQuietPosterior(recipe, initialize(parameters, seed)), {
    program,
    steps,
    learningRate: 2e-3,
    report,
    batch: (step) => {
      const random = new RandomStream(seed, 'vae', step);
      return {
        image: signedPictures(
          Array.from({ length: BATCH }, () => random.integer(pictures.length / product(image))),
          pictures,
          image,
        ),
        noise: tf.tensor4d(random.normal(BATCH * product(latent)), [BATCH, ...latent]),
      };
    },
  });
}

/** Log variance of the posterior at the start: at 0, its noise would hide the latents for a third of the training. */
const FIRST_LOG_VARIANCE = -4;

function withQuietPosterior({ vae: { latent_channels: channels } }: Recipe, vae: Weights): Weights {
  const { shape, data } = vae.get('quant_conv.bias')!; // mean, then log variance
  const quiet = { shape, data: data.map((value, i) => (i < channels ? value : FIRST_LOG_VARIANCE)) };
  return new Map([...vae, ['quant_conv.bias', quiet]]);
}

/** Standard deviation of the noise on the latents from which the decoder alone is trained, at most. */
const LATENT_NOISE = 0.06;

/**
 * Trains the decoder alone, on the latents of the finished encoder with a little noise: a UNet's latents are not exact.
 * @param training.start the whole autoencoder
 * @param training.latents the pictures' latents, whitened. [count, h, w, C]
 */
export function trainDecoder(
  recipe: Recipe,
  { pictures, seed, steps, report, start, latents }: AutoencoderTraining & { start: Weights; latents: Float32Array },
): Weights {
  const [image, latent] = [imageShape(recipe), latentShape(recipe)];
  const program = new Program();
  program.entry(
    'step',
    { image: float32(BATCH, ...image), z: float32(BATCH, ...latent), ...FIT_INPUTS },
    ({ image, z, ...numbers }, scope) =>
      descend(scope, ['vae'], numbers, () =>
        reconstructionLoss(recipe, vaeDecode(scope.parameters('vae'), recipe.vae, z), image),
      ),
  );
  const size = product(latent);
  const decoder = fitGroup(
    'vae',
    (parameters) => new Map([...parameters.keys()].map((name) => [name, start.get(name)!])),
    {
      program,
      steps,
      learningRate: 1.5e-3,
      report,
      batch: (step) => {
        const random = new RandomStream(seed, 'decoder', step);
        const rows = Array.from({ length: BATCH }, () => random.integer(latents.length / size));
        const z = new Float32Array(BATCH * size);
        rows.forEach((row, i) => {
          const amount = LATENT_NOISE * random.uniform();
          const noise = random.normal(size);
          for (let k = 0; k < size; k++) z[i * size + k] = latents[row * size + k]! + amount * noise[k]!;
        });
        return { image: signedPictures(rows, pictures, image), z: tf.tensor4d(z, [BATCH, ...latent]) };
      },
    },
  );
  return new Map([...start, ...decoder]);
}

function reconstructionLoss({ autoencoder }: Recipe, decoded: Tensor, image: Tensor): Tensor {
  const difference = decoded.sub(image);
  const loss = difference.square().mean().add(difference.abs().mean().mul(autoencoder.absolute));
  const sharp = autoencoder.edges ? loss.add(edges(difference).mul(autoencoder.edges)) : loss;
  return autoencoder.coarse ? sharp.add(coarse(difference).mul(autoencoder.coarse)) : sharp;
}

/** Sides of the cells, in pixels, whose mean errors count. */
const COARSE_CELLS = [4, 8];

/** Mean square of the errors' means over small cells: an object's color, which a pixel's error does not tell from its edge. */
function coarse(x: Tensor): Tensor {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  return tf.addN(
    COARSE_CELLS.map((side) =>
      x
        .reshape([batch, height / side, side, width / side, side, channels])
        .mean([2, 4])
        .square()
        .mean(),
    ),
  );
}

/** Mean absolute difference between neighboring pixels, both ways. x [B, H, W, C] */
function edges(x: Tensor): Tensor {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const down = x
    .slice([0, 1, 0, 0], [batch, height - 1, width, channels])
    .sub(x.slice([0, 0, 0, 0], [batch, height - 1, width, channels]));
  const across = x
    .slice([0, 0, 1, 0], [batch, height, width - 1, channels])
    .sub(x.slice([0, 0, 0, 0], [batch, height, width - 1, channels]));
  return down.abs().mean().add(across.abs().mean());
}

/** Takes rows of pictures, scaled to -1 .. 1. */
function signedPictures(rows: readonly number[], pictures: Float32Array, shape: readonly [number, number, number]) {
  const pixels = product(shape);
  const image = new Float32Array(rows.length * pixels);
  rows.forEach((row, i) => {
    for (let k = 0; k < pixels; k++) image[i * pixels + k] = 2 * pictures[row * pixels + k]! - 1;
  });
  return tf.tensor4d(image, [rows.length, ...shape]);
}
