import type { RandomStream } from '../../../common/random.ts';
import type { Color } from './degradation.ts';

/** Variation between pictures of the same scene. */
export interface Jitter {
  /** Shift of the center, as shares of the side. */
  readonly dx: number;
  readonly dy: number;
  /** Factor on the radius. */
  readonly scale: number;
  /** Radians. */
  readonly rotation: number;
  /** Added to the two colors. */
  readonly foreground: Color;
  readonly background: Color;
}

export const noJitter: Jitter = { dx: 0, dy: 0, scale: 1, rotation: 0, foreground: [0, 0, 0], background: [0, 0, 0] };

/** Draws shifts up to 2 % of the side, size changes up to 5 %, rotations up to 5 degrees, color changes up to .03. */
export function randomJitter(stream: RandomStream): Jitter {
  const within = (limit: number): number => limit * (2 * stream.uniform() - 1);
  const color = (): Color => [within(0.03), within(0.03), within(0.03)];
  return {
    dx: within(0.02),
    dy: within(0.02),
    scale: 1 + within(0.05),
    rotation: within(Math.PI / 36),
    foreground: color(),
    background: color(),
  };
}

/** Adds a jitter's shift to a color. */
export function shifted(color: Color, shift: Color): Color {
  return [color[0] + shift[0], color[1] + shift[1], color[2] + shift[2]];
}
