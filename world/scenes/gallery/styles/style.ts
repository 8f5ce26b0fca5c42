import type { Color } from '../../common/degradation.ts';
import type { PlacedObject } from '../placed-object.ts';

/**
 * A style draws a picture as a sum of masks, each times a color: what a mask leaves of 1 is black. Since the masks know no
 * color and the colors no place, every picture is linear in its colors, which the oracle relies on.
 */
export interface Style {
  /** Number of masks; the first is the ground's. */
  readonly masks: number;
  /**
   * Writes the masks' values at a point into `out`.
   * @param x, y shares of the side, y downwards
   */
  readonly shade: (object: PlacedObject, x: number, y: number, out: Float64Array) => void;
  /** Returns the color of the ground's mask. */
  readonly ground: (background: Color) => Color;
  /** Returns the colors of the other masks. */
  readonly paints: (foreground: Color) => readonly Color[];
}

/** Share that the pair (low, high) is passed by, smooth at both ends; 0 below, 1 above. */
export function smoothStep(low: number, high: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return t * t * (3 - 2 * t);
}

/** Blends two colors. */
export function mix(from: Color, to: Color, share: number): Color {
  const at = (c: 0 | 1 | 2): number => from[c] + share * (to[c] - from[c]);
  return [at(0), at(1), at(2)];
}

export const white: Color = [1, 1, 1];
export const black: Color = [0, 0, 0];

/** Width of an antialiased edge, as a share of the side. */
const edgeWidth = 1 / 128;

/** Returns the share covered at a signed distance from an edge. */
export function covered(distance: number): number {
  return Math.min(1, Math.max(0, 0.5 - distance / edgeWidth));
}
