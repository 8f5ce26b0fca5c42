import { RandomStream } from '../../common/random.ts';
import { Program, float32 } from '../../engine/program/program.ts';
import { tf } from '../../engine/tensorflow.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import { imageFeatures } from '../../models/clip/clip.ts';
import type { ClipConfig } from '../../models/clip/clip-config.ts';
import type { AestheticHead } from '../../rewards/aesthetic-head.ts';
import { aestheticHead } from '../../rewards/aesthetic.ts';
import { unit } from '../../rewards/clip-model.ts';
import { preprocess } from '../../rewards/preprocess.ts';
import { initialize } from '../../training/generator/initialize.ts';
import { FIT_INPUTS, descend, fit, type Fit, takeAverage } from './fit-network.ts';
import { pictureAt, type PictureBank } from './world-pictures.ts';
import { CLIP_PREPROCESSING, IMAGE_SHAPE, PIXELS } from './recipe.ts';

const BATCH = 48;

/** LAION v2's layers, narrower, with ReLUs, and with the score bounded to 1 .. 10. */
const AESTHETIC_HEAD: AestheticHead = {
  layers: ['layers.0', 'layers.3', 'layers.6', 'layers.9', 'layers.11'],
  widths: [64, 32, 16, 8, 1],
  relu: true,
  bounded: true,
};

export interface AestheticTraining {
  config: ClipConfig;
  /** The CLIP whose vision tower the predictor starts from. */
  clip: Weights;
  bank: PictureBank;
  seed: number;
  steps: number;
  learningRate: number;
  report: Fit['report'];
}

/** Trains an aesthetic predictor, vision tower and head, to predict a picture's quality. */
export function trainAesthetic({ config, clip, bank, seed, steps, learningRate, report }: AestheticTraining): {
  clip: Weights;
  head: Weights;
} {
  const program = new Program();
  program.entry(
    'step',
    { images: float32(BATCH, ...IMAGE_SHAPE), target: float32(BATCH), ...FIT_INPUTS },
    ({ images, target, ...numbers }, scope) =>
      descend(
        scope,
        ['aesthetic'],
        numbers,
        () => {
          const p = scope.parameters('aesthetic');
          const embedding = unit(imageFeatures(p.at('clip'), config, preprocess(images, CLIP_PREPROCESSING)));
          return aestheticHead(p.at('head'), AESTHETIC_HEAD, embedding).sub(target).square().mean();
        },
        0.01,
      ),
  );
  program.compile();
  const start = initialize(program.parameters('aesthetic'), seed);
  for (const name of start.keys()) if (name.startsWith('clip.')) start.set(name, clip.get(name.slice('clip.'.length))!);
  program.load('aesthetic', start);
  fit({
    program,
    steps,
    learningRate,
    report,
    batch: (step) => {
      const random = new RandomStream(seed, 'aesthetic', step);
      const images = new Float32Array(BATCH * PIXELS);
      const target = new Float32Array(BATCH);
      for (let i = 0; i < BATCH; i++) {
        const index = random.integer(bank.scenes.length);
        images.set(pictureAt(bank, index), i * PIXELS);
        target[i] = 1 + 9 * bank.qualities[index]!;
      }
      return { images: tf.tensor4d(images, [BATCH, ...IMAGE_SHAPE]), target: tf.tensor1d(target) };
    },
  });
  const weights = takeAverage(program, 'aesthetic');
  const part = (prefix: string): Weights =>
    new Map(
      [...weights].filter(([name]) => name.startsWith(prefix)).map(([name, t]) => [name.slice(prefix.length), t]),
    );
  return { clip: new Map([...clip, ...part('clip.')]), head: part('head.') };
}
