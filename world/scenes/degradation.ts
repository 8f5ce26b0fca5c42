import type { RandomStream } from '../../common/random.ts';

/** Degradation of a picture. All zero: clean. */
export interface Degradation {
  /** Standard deviation of a Gaussian blur, in pixels, 0 to about 1.5. */
  readonly blur: number;
  /** Loss of saturation and contrast, 0 to 1. */
  readonly dullness: number;
  /** Loss of brightness, 0 to 1. */
  readonly darkness: number;
  /** Standard deviation of pixel noise, in units of the [0, 1] range. */
  readonly noise: number;
}

export type Color = readonly [red: number, green: number, blue: number];

/** Quality tiers of web-like pictures. */
export type Tier = 'good' | 'medium' | 'dull';

export const clean: Degradation = { blur: 0, dullness: 0, darkness: 0, noise: 0 };

/** Lower and upper ends of the uniform ranges of each tier. */
const ranges: Record<Tier, { low: Degradation; high: Degradation }> = {
  good: { low: clean, high: { blur: 0.25, dullness: 0.1, darkness: 0.06, noise: 0.006 } },
  medium: {
    low: { blur: 0.2, dullness: 0.1, darkness: 0.03, noise: 0 },
    high: { blur: 0.8, dullness: 0.35, darkness: 0.2, noise: 0.015 },
  },
  dull: {
    low: { blur: 0.6, dullness: 0.3, darkness: 0.1, noise: 0 },
    high: { blur: 1.4, dullness: 0.55, darkness: 0.35, noise: 0.025 },
  },
};

/** Draws a degradation uniformly from a tier's ranges. */
export function randomDegradation(stream: RandomStream, tier: Tier): Degradation {
  const { low, high } = ranges[tier];
  const draw = (name: keyof Degradation): number => low[name] + (high[name] - low[name]) * stream.uniform();
  return { blur: draw('blur'), dullness: draw('dullness'), darkness: draw('darkness'), noise: draw('noise') };
}

/**
 * Applies dullness and darkness to a colour: scales saturation by 1 - dullness around the luminance, contrast by
 * 1 - 0.6 dullness around mid-grey, and everything by 1 - darkness. Affine, so it may be applied to a picture's two
 * colours instead of its pixels.
 */
export function degradeColor(color: Color, { dullness, darkness }: Pick<Degradation, 'dullness' | 'darkness'>): Color {
  const luminance = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2];
  const channel = (value: number): number => {
    const saturated = luminance + (1 - dullness) * (value - luminance);
    return (0.5 + (1 - 0.6 * dullness) * (saturated - 0.5)) * (1 - darkness);
  };
  return [channel(color[0]), channel(color[1]), channel(color[2])];
}

/** Returns the quality of a picture from its degradation: 1 when clean, towards 0 as each of the four grows. */
export function qualityOf({ blur, dullness, darkness, noise }: Degradation): number {
  const sharpness = 1 - 0.5 * Math.min(1, blur / 1.5);
  const smoothness = 1 - 0.5 * Math.min(1, noise / 0.15);
  return sharpness * smoothness * (1 - 0.8 * Math.min(1, dullness)) * (1 - 0.8 * Math.min(1, darkness));
}
