import { RandomStream } from '../../common/random.ts';
import type { Scene } from '../scenes/scene.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import { Program, float32, int32 } from '../../engine/program/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import { initialize } from '../../training/generator/initialize.ts';
import { FIT_INPUTS, descend, fit, type Fit, takeAverage } from './fit-network.ts';
import { SceneIndex, drawPair, pictureAt, type PictureBank } from './world-pictures.ts';
import { CONTEXT_LENGTH, IMAGE_SHAPE, PIXELS } from './recipe.ts';

const BATCH = 48;

export interface PairReward {
  /** score(image [B, H, W, 3] in [0, 1], ids [B, T]) -> [B] */
  score(p: Parameters, image: Tensor, ids: Tensor): Tensor;
  bank: PictureBank;
  /** Token ids of a caption of the scene, drawn anew each time. */
  caption(scene: Scene, random: RandomStream): Int32Array;
  seed: number;
  steps: number;
  learningRate: number;
  start?: Weights;
  report: Fit['report'];
}

/** Trains a reward on judged pairs: -log sigmoid(score of the better - score of the worse), Bradley and Terry's model. */
export function trainPairReward({
  score,
  bank,
  caption,
  seed,
  steps,
  learningRate,
  start,
  report,
}: PairReward): Weights {
  const program = new Program();
  program.entry(
    'step',
    { images: float32(2 * BATCH, ...IMAGE_SHAPE), ids: int32(BATCH, CONTEXT_LENGTH), ...FIT_INPUTS },
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
  program.compile();
  program.load('reward', start ?? initialize(program.parameters('reward'), seed));
  const index = new SceneIndex(bank);
  fit({
    program,
    steps,
    learningRate,
    report,
    batch: (step) => {
      const random = new RandomStream(seed, 'pairs', step);
      const images = new Float32Array(2 * BATCH * PIXELS);
      const ids = new Int32Array(BATCH * CONTEXT_LENGTH);
      for (let i = 0; i < BATCH; i++) {
        const pair = drawPair(bank, index, random);
        images.set(pictureAt(bank, pair.better), i * PIXELS);
        images.set(pictureAt(bank, pair.worse), (BATCH + i) * PIXELS);
        ids.set(caption(pair.wanted, random), i * CONTEXT_LENGTH);
      }
      return {
        images: tf.tensor4d(images, [2 * BATCH, ...IMAGE_SHAPE]),
        ids: tf.tensor2d(ids, [BATCH, CONTEXT_LENGTH], 'int32'),
      };
    },
  });
  return takeAverage(program, 'reward');
}
