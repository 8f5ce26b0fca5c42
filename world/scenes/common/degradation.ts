import type { RandomStream } from '../../../common/random.ts';

/** Degradation of a picture. All zero: clean. */
export interface Degradation {
  /** Standard deviation of a Gaussian blur, in pixels, 0 to about a twentieth of the side. */
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

/** Lower and upper ends of uniform ranges. */
export interface DegradationRange {
  readonly low: Degradation;
  readonly high: Degradation;
}

/** Draws a degradation uniformly from its ranges. */
function drawDegradation(stream: RandomStream, { low, high }: DegradationRange): Degradation {
  const draw = (name: keyof Degradation): number => low[name] + (high[name] - low[name]) * stream.uniform();
  return { blur: draw('blur'), dullness: draw('dullness'), darkness: draw('darkness'), noise: draw('noise') };
}

/** Makes a function that draws a degradation from its tier's ranges. */
export const drawFromTiers =
  (ranges: Record<Tier, DegradationRange>) =>
  (stream: RandomStream, tier: Tier): Degradation =>
    drawDegradation(stream, ranges[tier]);

/**
 * Applies dullness and darkness to a color: scales saturation by 1 - dullness around the luminance, contrast by
 * 1 - 0.6 dullness around mid-gray, and everything by 1 - darkness. Affine, so it may be applied to a picture's two
 * colors instead of its pixels.
 */
export function degradeColor(color: Color, { dullness, darkness }: Pick<Degradation, 'dullness' | 'darkness'>): Color {
  const luminance = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2];
  const channel = (value: number): number => {
    const saturated = luminance + (1 - dullness) * (value - luminance);
    return (0.5 + (1 - 0.6 * dullness) * (saturated - 0.5)) * (1 - darkness);
  };
  return [channel(color[0]), channel(color[1]), channel(color[2])];
}

/**
 * Returns the quality of a picture from its degradation: 1 when clean, towards 0 as each of the four grows.
 * @param side of the picture, in pixels: what counts is the blur's share of it
 */
export function qualityOf({ blur, dullness, darkness, noise }: Degradation, side: number): number {
  const sharpness = 1 - 0.5 * Math.min(1, ((32 / side) * blur) / 1.5);
  const smoothness = 1 - 0.5 * Math.min(1, noise / 0.15);
  return sharpness * smoothness * (1 - 0.8 * Math.min(1, dullness)) * (1 - 0.8 * Math.min(1, darkness));
}
