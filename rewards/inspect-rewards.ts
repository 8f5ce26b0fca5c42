import { InputError } from '../common/errors.ts';
import { readAestheticHead } from './aesthetic-head.ts';
import { ClipModels, clipTokenizer } from './files/clip-files.ts';
import { readFilmCnn } from './files/film-cnn-files.ts';
import { readImageReward } from './files/image-reward-files.ts';
import { REWARD_TYPES, type RewardTypeName } from './reward-names.ts';
import type { RewardSpec } from './reward.ts';

type Inspector = (spec: RewardSpec, models: ClipModels) => Promise<unknown>;

const inspectClip: Inspector = async (spec, models) => {
  const clip = await models.get(spec);
  clip.weights('text', 'vision');
  return clipTokenizer(spec, clip);
};

const inspectors: Readonly<Record<RewardTypeName, Inspector>> = {
  'clip-similarity': inspectClip,
  hpsv2: inspectClip,
  async pickscore(spec, models) {
    await inspectClip(spec, models);
    const weights = (await models.get(spec)).weights('text');
    if (![...weights.keys()].some((name) => name.endsWith('.logit_scale')))
      throw new InputError(`Reward "${spec.name}" (pickscore): ${spec.model} has no tensor logit_scale.`);
  },
  async aesthetic(spec, models) {
    const clip = await models.get(spec);
    clip.weights('vision');
    await readAestheticHead(requireHead(spec), clip.config.projection_dim);
  },
  'image-reward': readImageReward,
  'film-cnn': readFilmCnn,
};

/**
 * Returns the head's file.
 * @throws InputError for an aesthetic reward without a head
 * @example
 * ```ts
 * import { requireHead } from './rewards/inspect-rewards.ts';
 *
 * const reward = { name: 'beauty', type: 'aesthetic', model: 'models/clip', head: 'models/head.pth', weight: 1 };
 * const head = requireHead(reward);
 * ```
 */
export function requireHead({ name, head }: RewardSpec): string {
  if (head === undefined) throw new InputError(`Reward "${name}" (aesthetic) needs "head": the head's weight file.`);
  return head;
}

/**
 * Returns the name of a known type of reward.
 * @throws InputError that lists the types
 * @example
 * ```ts
 * import { typeNamed } from './rewards/inspect-rewards.ts';
 *
 * const type = typeNamed({ name: 'beauty', type: 'aesthetic' });
 * ```
 */
export function typeNamed({ name, type }: Pick<RewardSpec, 'name' | 'type'>): RewardTypeName {
  const found = REWARD_TYPES.find((known) => known === type);
  if (!found)
    throw new InputError(`Reward "${name}" has the unknown type "${type}"; there are ${REWARD_TYPES.join(', ')}.`);
  return found;
}

/**
 * Checks the files of rewards that are used together: opens only configurations, tokenizers and the headers of weights.
 * @throws InputError for anything that `loadRewards` would refuse
 * @example
 * ```ts
 * import { inspectRewards } from './rewards/inspect-rewards.ts';
 *
 * await inspectRewards([{ name: 'likeness', type: 'clip-similarity', model: 'models/clip', weight: 1 }]);
 * ```
 */
export async function inspectRewards(specs: readonly RewardSpec[]): Promise<void> {
  const models = new ClipModels();
  for (const spec of specs) await inspectors[typeNamed(spec)](spec, models);
}
