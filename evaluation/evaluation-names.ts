import { CHAMPION, CHAMPION_EXPORTED, CHOSEN, EXPORTED } from './arms/arm-names.ts';

/** What a UNet sees beside the noisy latents (guide.ts). */
export const GUIDES = ['none', 'inpainting', 'silhouette'] as const;
export type GuideKind = (typeof GUIDES)[number];

/** What judges the candidates of the sweep (choice.ts). */
export const JUDGES = ['oracle', 'heldOut', 'rewards'] as const;
export type JudgeName = (typeof JUDGES)[number];

/** The name of the held-out reward among the metrics. */
export const HELD_OUT = 'heldOut';
/** The metric of the exact judge, and those of the single attributes: `oracle.shape` ... */
export const ORACLE = 'oracle';
/** How much the pictures of one prompt differ (rewards/diversity.ts). */
export const DIVERSITY = 'diversity';
/** Names of metrics that no reward of a configuration may have. */
export const TAKEN_METRICS = [HELD_OUT, ORACLE, DIVERSITY] as const;

/** Names of arms that have a tuned encoder and a tuned UNet: tuned in this order, each alone, or both at once. */
export const PAIRS = ['encoder+unet', 'fusion', 'joint'] as const;
/** Arms of the baselines: the stages' names, and the user's own rewriter. */
const BASELINE_ARMS = ['ddpo-encoder', 'ddpo-unet', 'direct', 'prompt-engineering', 'rewriter'] as const;
/** The arm of the tuned encoder at a weight of its embeddings. */
export const blendArm = (weight: number): string => (weight === 1 ? 'tuned' : `blend-${weight.toFixed(2)}`);
/** Arms that an evaluation may have beside the blends and those of `evaluate.arms`, which may take none of their names. */
export const TAKEN_ARMS: readonly string[] = [
  'base',
  'tuned',
  'unet',
  CHOSEN,
  EXPORTED,
  CHAMPION,
  CHAMPION_EXPORTED,
  ...PAIRS,
  ...BASELINE_ARMS,
];
