/** Types of reward by their names in a configuration. A new one needs a file, a line here, and one in registry.ts. */
export const REWARD_TYPES = ['clip-similarity', 'aesthetic', 'pickscore', 'hpsv2', 'image-reward', 'film-cnn'] as const;
export type RewardTypeName = (typeof REWARD_TYPES)[number];
