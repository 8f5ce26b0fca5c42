/** Types of reward by their names in a configuration. See CONTRIBUTING.md for what a new one needs. */
export const REWARD_TYPES = ['clip-similarity', 'aesthetic', 'pickscore', 'hpsv2', 'image-reward', 'film-cnn'] as const;
export type RewardTypeName = (typeof REWARD_TYPES)[number];

/** Which keys of its section each type reads besides `model`, and whether it embeds pictures, to measure their diversity. */
export const REWARD_TRAITS: Readonly<Record<RewardTypeName, readonly ('head' | 'tokenizer' | 'embeds')[]>> = {
  'clip-similarity': ['tokenizer', 'embeds'],
  aesthetic: ['head', 'embeds'],
  pickscore: ['tokenizer', 'embeds'],
  hpsv2: ['tokenizer', 'embeds'],
  'image-reward': ['tokenizer'],
  'film-cnn': ['embeds'],
};
