/** The name of the held-out reward among the metrics. */
export const HELD_OUT = 'heldOut';
/** The metric of the exact judge, and those of the single attributes: `oracle.shape` ... */
export const ORACLE = 'oracle';
/** How much the pictures of one prompt differ (rewards/diversity.ts). */
export const DIVERSITY = 'diversity';

/** Metrics of which more is better: rewards and the exact judge. The others say where a gain comes from, or what it cost. */
export const isGoal = (metric: string): boolean => metric !== DIVERSITY && !metric.includes('.');

/** The share of the base's diversity that an encoder must keep. */
export const LEAST_DIVERSITY = 0.9;
