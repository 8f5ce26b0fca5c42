import { RandomStream } from '../../common/random.ts';
import { Program, float32 } from '../../engine/program/program.ts';
import { tf } from '../../engine/tensorflow.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import { vaeDecode, vaeEncode } from '../../models/vae/vae.ts';
import { initialize } from '../../training/generator/initialize.ts';
import { FIT_INPUTS, descend, fit, type Fit, takeAverage } from './fit-network.ts';
import { IMAGE_SHAPE, LATENT_SHAPE, vaeConfig, PIXELS } from './recipe.ts';

const BATCH = 16;
const KL_WEIGHT = 1e-4;

/**
 * Trains the autoencoder on pictures with squared and absolute error, and a weak KL pull to a standard normal.
 * @param pictures [count, 32, 32, 3] in [0, 1]
 */
export function trainVae(pictures: Float32Array, seed: number, steps: number, report: Fit['report']): Weights {
  const program = new Program();
  program.entry(
    'step',
    { image: float32(BATCH, ...IMAGE_SHAPE), noise: float32(BATCH, ...LATENT_SHAPE), ...FIT_INPUTS },
    ({ image, noise, ...numbers }, scope) =>
      descend(scope, ['vae'], numbers, () => {
        const { mean, logvar } = vaeEncode(scope.parameters('vae'), vaeConfig, image);
        const z = mean.add(noise.mul(logvar.mul(0.5).exp()));
        const difference = vaeDecode(scope.parameters('vae'), vaeConfig, z).sub(image);
        const divergence = mean.square().add(logvar.exp()).sub(1).sub(logvar).mul(0.5).mean();
        return difference.square().mean().add(difference.abs().mean().mul(0.3)).add(divergence.mul(KL_WEIGHT));
      }),
  );
  program.compile();
  program.load('vae', initialize(program.parameters('vae'), seed));
  const count = pictures.length / PIXELS;
  fit({
    program,
    steps,
    learningRate: 2e-3,
    report,
    batch: (step) => {
      const random = new RandomStream(seed, 'vae', step);
      const image = new Float32Array(BATCH * PIXELS);
      for (let i = 0; i < BATCH; i++) {
        const at = random.integer(count) * PIXELS;
        image.set(
          pictures.subarray(at, at + PIXELS).map((v) => 2 * v - 1),
          i * PIXELS,
        );
      }
      return {
        image: tf.tensor4d(image, [BATCH, ...IMAGE_SHAPE]),
        noise: tf.tensor4d(random.normal(BATCH * LATENT_SHAPE[0] * LATENT_SHAPE[1] * LATENT_SHAPE[2]), [
          BATCH,
          ...LATENT_SHAPE,
        ]),
      };
    },
  });
  return takeAverage(program, 'vae');
}
