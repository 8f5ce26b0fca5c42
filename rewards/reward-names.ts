/** Types of reward by their names in a configuration. See CONTRIBUTING.md for what a new one needs. */
export const REWARD_TYPES = [
  'clip-similarity',
  'clip-zero-shot',
  'aesthetic',
  'pickscore',
  'hpsv2',
  'image-reward',
  'film-cnn',
] as const;
export type RewardTypeName = (typeof REWARD_TYPES)[number];

/** Keys of a reward's section that only some types read. */
export const REWARD_KEYS = ['head', 'tokenizer', 'text', 'against'] as const;
type RewardKey = (typeof REWARD_KEYS)[number];

/** Which keys of its section each type reads besides `model`, and whether it embeds pictures, to measure their diversity. */
export const REWARD_TRAITS: Readonly<Record<RewardTypeName, readonly (RewardKey | 'embeds')[]>> = {
  'clip-similarity': ['tokenizer', 'embeds'],
  'clip-zero-shot': ['tokenizer', 'text', 'against', 'embeds'],
  aesthetic: ['head', 'embeds'],
  pickscore: ['tokenizer', 'embeds'],
  hpsv2: ['tokenizer', 'embeds'],
  'image-reward': ['tokenizer'],
  'film-cnn': ['embeds'],
};
