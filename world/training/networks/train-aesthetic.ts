import { product } from '../../../common/product.ts';
import { RandomStream } from '../../../common/random.ts';
import { Program, float32 } from '../../../engine/program/program.ts';
import { tf } from '../../../engine/tensorflow.ts';
import type { Weights } from '../../../engine/weights/weights.ts';
import { imageFeatures } from '../../../models/clip/clip.ts';
import type { ClipConfig } from '../../../models/clip/clip-config.ts';
import type { AestheticHead } from '../../../rewards/aesthetic-head.ts';
import { aestheticHead } from '../../../rewards/aesthetic.ts';
import { unit } from '../../../rewards/clip-model.ts';
import { preprocess } from '../../../rewards/preprocess.ts';
import { initialize } from '../../../training/generator/initialize.ts';
import { part } from '../prefixed-weights.ts';
import { FIT_INPUTS, descend, fitGroup, type Fit } from './fit-network.ts';
import { pictureAt, type PictureBank } from '../data/picture-bank.ts';
import { imageShape, type Recipe } from '../recipes/recipe.ts';

const BATCH = 48;

/** LAION v2's layers, narrower, with ReLUs, and with the score bounded to 1 .. 10. */
const AESTHETIC_HEAD: AestheticHead = {
  layers: ['layers.0', 'layers.3', 'layers.6', 'layers.9', 'layers.11'],
  widths: [64, 32, 16, 8, 1],
  relu: true,
  bounded: true,
};

export interface AestheticTraining {
  recipe: Recipe;
  config: ClipConfig;
  /** The CLIP whose vision tower the predictor starts from. */
  clip: Weights;
  bank: PictureBank<unknown>;
  seed: number;
  steps: number;
  learningRate: number;
  report: Fit['report'];
}

/** Trains an aesthetic predictor, vision tower and head, to predict a picture's quality. */
export function trainAesthetic({ recipe, config, clip, bank, seed, steps, learningRate, report }: AestheticTraining): {
  clip: Weights;
  head: Weights;
} {
  const shape = imageShape(recipe);
  const program = new Program();
  program.entry(
    'step',
    { images: float32(BATCH, ...shape), target: float32(BATCH), ...FIT_INPUTS },
    ({ images, target, ...numbers }, scope) =>
      descend(
        scope,
        ['aesthetic'],
        numbers,
        () => {
          const p = scope.parameters('aesthetic');
          const embedding = unit(imageFeatures(p.at('clip'), config, preprocess(images, recipe.preprocessing)));
          return aestheticHead(p.at('head'), AESTHETIC_HEAD, embedding).sub(target).square().mean();
        },
        0.01,
      ),
  );
  const start = (parameters: Parameters<typeof initialize>[0]) => {
    const weights = initialize(parameters, seed);
    for (const name of weights.keys())
      if (name.startsWith('clip.')) weights.set(name, clip.get(name.slice('clip.'.length))!);
    return weights;
  };
  const pixels = product(shape);
  const weights = fitGroup('aesthetic', start, {
    program,
    steps,
    learningRate,
    report,
    batch: (step) => {
      const random = new RandomStream(seed, 'aesthetic', step);
      const images = new Float32Array(BATCH * pixels);
      const target = new Float32Array(BATCH);
      for (let i = 0; i < BATCH; i++) {
        const index = random.integer(bank.records.length);
        images.set(pictureAt(bank, index), i * pixels);
        target[i] = 1 + 9 * bank.records[index]!.quality;
      }
      return { images: tf.tensor4d(images, [BATCH, ...shape]), target: tf.tensor1d(target) };
    },
  });
  return { clip: new Map([...clip, ...part(weights, 'clip.')]), head: part(weights, 'head.') };
}
