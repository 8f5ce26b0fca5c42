import { CHAMPION, CHAMPION_EXPORTED, CHOSEN, EXPORTED } from './arms/arm-names.ts';

/** Additional inputs of a UNet beside the noisy latents (guide.ts). */
export const GUIDES = ['none', 'inpainting', 'silhouette'] as const;
export type GuideKind = (typeof GUIDES)[number];

/** Judges of the sweep's candidates (choice.ts). */
export const JUDGES = ['oracle', 'heldOut', 'rewards'] as const;
export type JudgeName = (typeof JUDGES)[number];

/** Name of the held-out reward among the metrics. */
export const HELD_OUT = 'heldOut';
/** Metric of the exact judge; those of single attributes are `oracle.shape` ... */
export const ORACLE = 'oracle';
/** Metric of how clean and vivid a picture is by the exact judge, whatever was asked for. */
const QUALITY = 'quality';
/**
 * Metrics of the exact judge (world/known). A world without styles has none of the last, and only prompts of several
 * objects have a relation or a count.
 */
export const EXACT_METRICS: readonly string[] = [
  ...['', '.shape', '.color', '.background', '.size', '.position', '.relation', '.count'].map(
    (end) => `${ORACLE}${end}`,
  ),
  QUALITY,
  ...['flat', '3d', 'neon', 'outline'].map((name) => `style.${name}`),
];
/** Metric of how much the pictures of one prompt differ (rewards/diversity.ts). */
export const DIVERSITY = 'diversity';
/** Metric names that no reward of a configuration may take. */
export const TAKEN_METRICS = [HELD_OUT, ORACLE, QUALITY, DIVERSITY] as const;

/**
 * Arms that combine a tuned encoder and a tuned UNet: tuned in this order, each alone, or both at once. An arm is one
 * of the variants that are compared.
 */
export const PAIRS = ['encoder+unet', 'fusion', 'joint'] as const;
/** Arms of the baselines: the names of their stages, and the user's own rewriter. */
const BASELINE_ARMS = ['ddpo-encoder', 'ddpo-unet', 'direct', 'prompt-engineering', 'rewriter'] as const;
/** Names the arm that gives the tuned encoder's embeddings this weight. */
export const blendArm = (weight: number): string => (weight === 1 ? 'tuned' : `blend-${weight.toFixed(2)}`);
/** The run's own encoder among those of `styles.encoders`; any other value is a path or a name. */
export const OWN_ENCODER = 'tuned';
/** Lists the weights of a mix in the order of the encoders' names, whatever the order of its keys. */
export const mixTerms = (names: readonly string[], mix: Readonly<Record<string, number>>): [string, number][] =>
  names.flatMap((name): [string, number][] => (mix[name] === undefined ? [] : [[name, mix[name]]]));
/**
 * Names a mix of encoders as `generate --mix` takes it: `neon=0.6,3d=0.4`. The original encoder has the rest of a total
 * weight of 1; alone, it is the arm `base`.
 */
export const mixName = (terms: readonly (readonly [encoder: string, weight: number])[]): string =>
  terms.flatMap(([encoder, weight]) => (weight === 0 ? [] : [`${encoder}=${weight}`])).join(',') || 'base';
/**
 * Arms that an evaluation may have beside the blends and those of `evaluate.arms`; the latter may not take these names.
 */
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
/** Folders of the networks in the artifact that is registered. */
export const REGISTERED = { encoder: 'encoder', unet: 'unet', exported: 'exported' } as const;
