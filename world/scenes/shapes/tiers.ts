import { clean, drawFromTiers } from '../common/degradation.ts';

/** Draws a degradation uniformly from a tier's ranges. */
export const randomDegradation = drawFromTiers({
  good: { low: clean, high: { blur: 0.25, dullness: 0.1, darkness: 0.06, noise: 0.006 } },
  medium: {
    low: { blur: 0.2, dullness: 0.1, darkness: 0.03, noise: 0 },
    high: { blur: 0.8, dullness: 0.35, darkness: 0.2, noise: 0.015 },
  },
  dull: {
    low: { blur: 0.6, dullness: 0.3, darkness: 0.1, noise: 0 },
    high: { blur: 1.4, dullness: 0.55, darkness: 0.35, noise: 0.025 },
  },
});
