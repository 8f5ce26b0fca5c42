import { DIVERSITY } from '../evaluation-names.ts';

export { DIVERSITY, HELD_OUT, ORACLE } from '../evaluation-names.ts';

/**
 * Returns whether a higher value is better, as for rewards and the exact judge. Other metrics show where a gain comes
 * from, or its cost.
 */
export const isGoal = (metric: string): boolean => metric !== DIVERSITY && !metric.includes('.');

/** The share of the base's diversity that an encoder must keep. */
export const LEAST_DIVERSITY = 0.9;
