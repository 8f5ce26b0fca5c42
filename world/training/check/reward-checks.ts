import { RandomStream } from '../../../common/random.ts';
import { mean } from '../../../common/statistics.ts';
import { Program, float32, type Tensors } from '../../../engine/program/program.ts';
import { tf } from '../../../engine/tensorflow.ts';
import { rewardPrompts } from '../../../rewards/prompt-inputs.ts';
import { loadReward } from '../../../rewards/reward-types.ts';
import type { RewardSpec } from '../../../rewards/reward.ts';
import { pictureAt, pictureBank } from '../data/picture-bank.ts';
import { PreferencePairs } from '../data/preference-pairs.ts';
import type { WorldData } from '../data/world-data.ts';
import type { Gates } from './gates.ts';

const BATCH = 48;
const CHECK_SEED = 99;
/** Pictures of the bank from which pairs are drawn. */
const BANK = 4000;
const PAIRS = 10 * BATCH;

/** Computes a reward's scores of pictures with captions. */
export async function scoresOf(
  spec: RewardSpec,
  pictures: readonly Float32Array[],
  captions: readonly string[],
): Promise<number[]> {
  const side = Math.sqrt(pictures[0]!.length / 3);
  const reward = await loadReward(spec);
  const readings = rewardPrompts([reward]);
  const program = new Program();
  const inputs = { image: float32(BATCH, side, side, 3), ...readings.specs(BATCH) };
  program.entry('score', inputs, ({ image, ...ids }: Tensors, scope) => {
    const p = scope.parameters('reward');
    return { score: reward.scoreWithFeatures(p, image!, readings.features(p, ids)[reward.name]) };
  });
  program.compile();
  program.load('reward', reward.weights);
  const filled = <T>(values: readonly T[], start: number): T[] =>
    Array.from({ length: BATCH }, (_, i) => values[Math.min(start + i, values.length - 1)]!);
  const scores: number[] = [];
  for (let start = 0; start < pictures.length; start += BATCH) {
    const image = tf.stack(filled(pictures, start).map((picture) => tf.tensor3d(picture, [side, side, 3])));
    const ids = captions.length > 0 ? readings.of(filled(captions, start)) : {};
    const { score } = program.run('score', { image, ...ids });
    scores.push(...score!.dataSync().slice(0, pictures.length - start));
    tf.dispose([image, ids, score!]);
  }
  program.dispose();
  return scores;
}

/** Share of pairs that a reward judges as the truth does. */
async function pairAccuracy<S>(data: WorldData<S>, spec: RewardSpec): Promise<number> {
  const bank = pictureBank(data, BANK, CHECK_SEED);
  const drawn = new PreferencePairs(data, bank);
  const random = new RandomStream(CHECK_SEED, 'pairs to check');
  const pairs = Array.from({ length: PAIRS }, () => drawn.draw(random));
  const captions = pairs.map(({ wanted }) => data.caption(wanted, random));
  const pictures = (which: 'better' | 'worse') => pairs.map((pair) => pictureAt(bank, pair[which]));
  const better = await scoresOf(spec, pictures('better'), captions);
  const worse = await scoresOf(spec, pictures('worse'), captions);
  return mean(better.map((score, i) => Number(score > worse[i]!)));
}

/** Correlation of an aesthetic reward with the pictures' true quality. */
async function qualityCorrelation<S>(data: WorldData<S>, spec: RewardSpec): Promise<number> {
  const bank = pictureBank(data, PAIRS, CHECK_SEED);
  const scores = await scoresOf(
    spec,
    bank.records.map((_, i) => pictureAt(bank, i)),
    [],
  );
  const truth = bank.records.map(({ quality }) => quality);
  const covariance = (a: readonly number[], b: readonly number[]) =>
    mean(a.map((x, i) => (x - mean(a)) * (b[i]! - mean(b))));
  return covariance(scores, truth) / Math.sqrt(covariance(scores, scores) * covariance(truth, truth));
}

/**
 * Measures the rewards in a world's folder on pictures of `data`.
 * @param ending of the gates' names
 * @param least share of pairs that the preference and the held-out reward must judge rightly
 */
export async function checkRewards<S>(
  folder: string,
  data: WorldData<S>,
  gates: Gates,
  ending = '',
  least = 0.85,
): Promise<void> {
  const head = `${folder}/aesthetic/head.safetensors`;
  const aesthetic = { name: 'aesthetic', type: 'aesthetic', model: `${folder}/aesthetic`, head, weight: 1 };
  gates.add(`aesthetic head, correlation with the true score${ending}`, await qualityCorrelation(data, aesthetic), 0.9);
  for (const [name, type] of [
    ['clip', 'clip-similarity'],
    ['preference', 'pickscore'],
    ['held-out', 'film-cnn'],
  ] as const)
    gates.add(
      `${name} reward, pairs judged rightly${ending}`,
      await pairAccuracy(data, { name, type, model: `${folder}/${name}`, weight: 1 }),
      name === 'clip' ? 0.6 : least,
    );
}
