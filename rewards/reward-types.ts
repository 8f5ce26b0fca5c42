import { InputError } from '../common/errors.ts';
import { aesthetic } from './aesthetic.ts';
import { ClipModels } from './files/clip-files.ts';
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
  aesthetic,
  pickscore,
  hpsv2,
  'image-reward': imageReward,
  'film-cnn': filmCnnReward,
};

/** Loads a reward's weights. `models` is shared among rewards that are used together. */
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

/** Loads rewards that are used together: a model shared by several is read once, under one name for its weights. */
export async function loadRewards(specs: readonly RewardSpec[]): Promise<LoadedReward[]> {
  const names = specs.map((spec) => spec.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new InputError(`Two rewards are named "${twice}"; give each its own name.`);
  const models = new ClipModels();
  const rewards: LoadedReward[] = [];
  for (const spec of specs) rewards.push(await loadReward(spec, models));
  return rewards;
}
