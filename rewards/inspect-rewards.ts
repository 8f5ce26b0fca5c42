import { InputError } from '../common/errors.ts';
import { readAestheticHead } from './aesthetic-head.ts';
import { ClipModels, clipTokenizer, type ClipModel } from './files/clip-files.ts';
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
  async 'clip-zero-shot'(spec, models) {
    textsOf(spec);
    await inspectClip(spec, models);
    requireLogitScale(spec, await models.get(spec));
  },
  hpsv2: inspectClip,
  async pickscore(spec, models) {
    await inspectClip(spec, models);
    requireLogitScale(spec, await models.get(spec));
  },
  async aesthetic(spec, models) {
    const clip = await models.get(spec);
    clip.weights('vision');
    await readAestheticHead(requireHead(spec), clip.config.projection_dim);
  },
  'image-reward': readImageReward,
  'film-cnn': readFilmCnn,
};

function requireLogitScale({ name, type, model }: RewardSpec, clip: ClipModel): void {
  if (![...clip.weights('text').keys()].some((tensor) => tensor.endsWith('.logit_scale')))
    throw new InputError(`Reward "${name}" (${type}): ${model} has no tensor logit_scale.`);
}

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
 * Returns the wanted text, then those it competes with.
 * @throws InputError for a zero-shot reward without them
 * @example
 * ```ts
 * import { textsOf } from './rewards/inspect-rewards.ts';
 *
 * const [neon, flat] = textsOf({
 *   name: 'neon',
 *   type: 'clip-zero-shot',
 *   model: 'models/clip',
 *   text: 'a neon sign',
 *   against: ['a flat icon'],
 *   weight: 1,
 * });
 * ```
 */
export function textsOf({ name, text, against }: RewardSpec): readonly string[] {
  if (text === undefined || against === undefined || against.length === 0)
    throw new InputError(
      `Reward "${name}" (clip-zero-shot) needs "text", what the pictures shall be, and "against", a list of what else they could be.`,
    );
  if (against.includes(text)) throw new InputError(`Reward "${name}": "${text}" is both "text" and one of "against".`);
  return [text, ...against];
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
