import { product } from '../../../common/product.ts';
import { RandomStream } from '../../../common/random.ts';
import type { Parameters } from '../../../engine/weights/parameters.ts';
import { Program, float32, int32 } from '../../../engine/program/program.ts';
import { tf, type Tensor } from '../../../engine/tensorflow.ts';
import type { Weights } from '../../../engine/weights/weights.ts';
import { initialize } from '../../../training/generator/initialize.ts';
import { FIT_INPUTS, descend, fitGroup, type Fit } from './fit-network.ts';
import { pictureAt, type PictureBank } from '../data/picture-bank.ts';
import type { PreferencePairs } from '../data/preference-pairs.ts';
import { imageShape, type Recipe } from '../recipes/recipe.ts';

const BATCH = 48;

export interface PairReward<S> {
  recipe: Recipe;
  /** score(image [B, H, W, 3] in [0, 1], ids [B, T]) -> [B] */
  score(p: Parameters, image: Tensor, ids: Tensor): Tensor;
  bank: PictureBank<S>;
  /** Pairs of the bank's pictures. */
  pairs: PreferencePairs<S>;
  /** Token ids of a caption of the scene, drawn anew each time. */
  caption(scene: S, random: RandomStream): Int32Array;
  seed: number;
  steps: number;
  learningRate: number;
  start?: Weights;
  report: Fit['report'];
}

/** Trains a reward on judged pairs: -log sigmoid(score of the better - score of the worse), Bradley and Terry's model. */
export function trainPairReward<S>({
  recipe,
  score,
  bank,
  pairs,
  caption,
  seed,
  steps,
  learningRate,
  start,
  report,
}: PairReward<S>): Weights {
  const { contextLength } = recipe;
  const shape = imageShape(recipe);
  const pixels = product(shape);
  const program = new Program();
  program.entry(
    'step',
    { images: float32(2 * BATCH, ...shape), ids: int32(BATCH, contextLength), ...FIT_INPUTS },
    ({ images, ids, ...numbers }, scope) =>
      descend(
        scope,
        ['reward'],
        numbers,
        () => {
          const scores = score(scope.parameters('reward'), images, tf.concat([ids, ids], 0));
          const [better, worse] = tf.split(scores, 2) as [Tensor, Tensor];
          return tf.softplus(worse.sub(better)).mean();
        },
        0.01,
      ),
  );
  return fitGroup('reward', (parameters) => start ?? initialize(parameters, seed), {
    program,
    steps,
    learningRate,
    report,
    batch: (step) => {
      const random = new RandomStream(seed, 'pairs', step);
      const images = new Float32Array(2 * BATCH * pixels);
      const ids = new Int32Array(BATCH * contextLength);
      for (let i = 0; i < BATCH; i++) {
        const pair = pairs.draw(random);
        images.set(pictureAt(bank, pair.better), i * pixels);
        images.set(pictureAt(bank, pair.worse), (BATCH + i) * pixels);
        ids.set(caption(pair.wanted, random), i * contextLength);
      }
      return {
        images: tf.tensor4d(images, [2 * BATCH, ...shape]),
        ids: tf.tensor2d(ids, [BATCH, contextLength], 'int32'),
      };
    },
  });
}
