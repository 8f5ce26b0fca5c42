import { InputError } from '../common/errors.ts';
import { aesthetic } from './aesthetic.ts';
import { ClipModels } from './files/clip-files.ts';
import { clipZeroShot } from './clip-zero-shot.ts';
import { clipSimilarity } from './clip-similarity.ts';
import { filmCnnReward } from './film-cnn.ts';
import { hpsv2 } from './hpsv2.ts';
import { imageReward } from './image-reward.ts';
import { typeNamed } from './inspect-rewards.ts';
import type { RewardTypeName } from './reward-names.ts';
import { pickscore } from './pickscore.ts';
import type { LoadedReward, RewardSpec } from './reward.ts';
import type { RewardType } from './reward-type.ts';

/** All types of reward. */
const rewardTypes: Readonly<Record<RewardTypeName, RewardType>> = {
  'clip-similarity': clipSimilarity,
  'clip-zero-shot': clipZeroShot,
  aesthetic,
  pickscore,
  hpsv2,
  'image-reward': imageReward,
  'film-cnn': filmCnnReward,
};

/**
 * Loads a reward's weights. `models` is shared among rewards that are used together.
 * @example
 * ```ts
 * import { float32, int32, Program } from './engine/program/program.ts';
 * import { tf } from './engine/tensorflow.ts';
 * import { loadReward } from './rewards/reward-types.ts';
 *
 * const reward = await loadReward({ name: 'likeness', type: 'clip-similarity', model: 'models/clip', weight: 1 });
 * const program = new Program();
 * const inputs = { image: float32(1, 512, 512, 3), ids: int32(1, reward.promptLength) };
 * program.entry('score', inputs, ({ image, ids }, scope) => ({
 *   score: reward.score(scope.parameters('reward'), image!, ids),
 * }));
 * program.compile();
 * program.load('reward', reward.weights);
 * const ids = tf.tensor2d(reward.tokenize(['a red circle']), [1, reward.promptLength], 'int32');
 * const { score } = program.run('score', { image: tf.zeros([1, 512, 512, 3]), ids });
 * console.log(score!.dataSync());
 * ```
 */
export async function loadReward(spec: RewardSpec, models = new ClipModels()): Promise<LoadedReward> {
  const model = await rewardTypes[typeNamed(spec)].load(spec, models);
  return {
    ...model,
    name: spec.name,
    type: spec.type,
    weight: spec.weight,
    score: (p, image, ids, shared) =>
      model.scoreWithFeatures(
        p,
        image,
        ids && model.promptLength > 0 ? model.promptFeatures(p, ids) : undefined,
        shared,
      ),
  };
}

/**
 * Loads rewards that are used together: a model shared by several is read once, under one name for its weights.
 * @example
 * ```ts
 * import { float32, Program } from './engine/program/program.ts';
 * import { loadRewards } from './rewards/reward-types.ts';
 * import { rewardWeights, scoreAll, weightedSum } from './rewards/total.ts';
 *
 * const rewards = await loadRewards([
 *   { name: 'v1', type: 'aesthetic', model: 'models/clip', head: 'models/v1.pth', weight: 1 },
 *   { name: 'v2', type: 'aesthetic', model: 'models/clip', head: 'models/v2.pth', weight: 0.5 },
 * ]);
 * const program = new Program();
 * program.entry('total', { image: float32(8, 512, 512, 3) }, ({ image }, scope) => ({
 *   total: weightedSum(rewards, scoreAll(rewards, scope.parameters('rewards'), image!, {})),
 * }));
 * program.compile();
 * program.load('rewards', rewardWeights(rewards));
 * ```
 */
export async function loadRewards(specs: readonly RewardSpec[]): Promise<LoadedReward[]> {
  const names = specs.map((spec) => spec.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new InputError(`Two rewards are named "${twice}"; give each its own name.`);
  const models = new ClipModels();
  const rewards: LoadedReward[] = [];
  for (const spec of specs) rewards.push(await loadReward(spec, models));
  return rewards;
}
