import { clean, drawFromTiers } from '../common/degradation.ts';

/** Draws a degradation uniformly from a tier's ranges. */
export const randomDegradation = drawFromTiers({
  good: { low: clean, high: { blur: 0.4, dullness: 0.08, darkness: 0.05, noise: 0.006 } },
  medium: {
    low: { blur: 0.6, dullness: 0.15, darkness: 0.05, noise: 0 },
    high: { blur: 1.6, dullness: 0.4, darkness: 0.22, noise: 0.015 },
  },
  dull: {
    low: { blur: 1.4, dullness: 0.4, darkness: 0.12, noise: 0 },
    high: { blur: 2.8, dullness: 0.7, darkness: 0.36, noise: 0.025 },
  },
});
