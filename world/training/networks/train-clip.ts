import { Program, float32, int32 } from '../../../engine/program/program.ts';
import { tf, type Tensor } from '../../../engine/tensorflow.ts';
import type { Weights } from '../../../engine/weights/weights.ts';
import type { Parameters } from '../../../engine/weights/parameters.ts';
import { imageFeatures, textFeatures } from '../../../models/clip/clip.ts';
import type { ClipConfig } from '../../../models/clip/clip-config.ts';
import { unit } from '../../../rewards/clip-model.ts';
import { preprocess, type Preprocessing } from '../../../rewards/preprocess.ts';
import { initialize } from '../../../training/generator/initialize.ts';
import { FIT_INPUTS, descend, fitGroup, type Fit } from './fit-network.ts';
import { imageShape, type Recipe } from '../recipes/recipe.ts';

const BATCH = 64;

/** Batch of one step of contrastive training. */
export interface PairBatch {
  /** [BATCH, side, side, 3] in [0, 1]. */
  images: Float32Array;
  /** Token ids [BATCH, T]: the captions. */
  captions: Int32Array;
  /** Token ids [negatives * BATCH, T]: `negatives` wrong captions per picture, the first ones of all pictures first. */
  negatives: Int32Array;
}

/** Mean of -log softmax(logits)[i, i] over the rows. logits [B, C], C >= B */
const diagonalCrossEntropy = (logits: Tensor): Tensor => {
  const [rows, columns] = logits.shape as [number, number];
  const target = tf.tensor2d(
    Float32Array.from({ length: rows * columns }, (_, i) => (i % columns === Math.floor(i / columns) ? 1 : 0)),
    [rows, columns],
  );
  const shifted = logits.sub(logits.max(1, true));
  return shifted.exp().sum(1).log().sub(shifted.mul(target).sum(1)).mean();
};

/** Computes the symmetric contrastive loss (Radford et al. 2021, fig. 3), with extra wrong captions for each picture. */
function contrastiveLoss(
  p: Parameters,
  config: ClipConfig,
  preprocessing: Preprocessing,
  images: Tensor,
  captions: Tensor,
  negatives: Tensor,
): Tensor {
  const scale = p.get('logit_scale', []).exp();
  const image = unit(imageFeatures(p, config, preprocess(images, preprocessing)));
  const text = unit(textFeatures(p, config, captions));
  const logits = tf.matMul(image, text, false, true).mul(scale);
  const groups = negatives.shape[0]! / BATCH;
  const wrong = groups
    ? tf.split(unit(textFeatures(p, config, negatives)), groups).map((t) => image.mul(t).sum(1, true).mul(scale))
    : [];
  return diagonalCrossEntropy(tf.concat([logits, ...wrong], 1))
    .add(diagonalCrossEntropy(logits.transpose()))
    .mul(0.5);
}

export interface ClipTraining {
  recipe: Recipe;
  config: ClipConfig;
  /** Wrong captions per picture. */
  negatives: number;
  seed: number;
  steps: number;
  learningRate: number;
  /** Initial weights; default: newly initialized. */
  start?: Weights;
  batch(step: number): PairBatch;
  report: Fit['report'];
}

/** Trains a CLIP model contrastively. */
export function trainClip({
  recipe,
  config,
  negatives,
  seed,
  steps,
  learningRate,
  start,
  batch,
  report,
}: ClipTraining): Weights {
  const { contextLength, preprocessing } = recipe;
  const shape = imageShape(recipe);
  const program = new Program();
  program.entry(
    'step',
    {
      images: float32(BATCH, ...shape),
      captions: int32(BATCH, contextLength),
      negatives: int32(BATCH * negatives, contextLength),
      ...FIT_INPUTS,
    },
    ({ images, captions, negatives, ...numbers }, scope) => {
      const p = scope.parameters('clip');
      return descend(
        scope,
        ['clip'],
        numbers,
        () => contrastiveLoss(p, config, preprocessing, images, captions, negatives),
        0.02,
      );
    },
  );
  return fitGroup('clip', (parameters) => start ?? initialize(parameters, seed), {
    program,
    steps,
    learningRate,
    report,
    batch: (step) => {
      const pairs = batch(step);
      return {
        images: tf.tensor4d(pairs.images, [BATCH, ...shape]),
        captions: tf.tensor2d(pairs.captions, [BATCH, contextLength], 'int32'),
        negatives: tf.tensor2d(pairs.negatives, [BATCH * negatives, contextLength], 'int32'),
      };
    },
  });
}

export { BATCH as CLIP_BATCH };
