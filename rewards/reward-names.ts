/**
 * Every type of reward, as a configuration names it. A new one is a file, a name here, and a line each in
 * reward-types.ts and inspect-rewards.ts.
 */
export const REWARD_TYPES = ['clip-similarity', 'aesthetic', 'pickscore', 'hpsv2', 'image-reward', 'film-cnn'] as const;
export type RewardTypeName = (typeof REWARD_TYPES)[number];
