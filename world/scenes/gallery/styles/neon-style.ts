import type { Color } from '../../common/degradation.ts';
import { mix, white, type Style } from './style.ts';

/** Standard deviation of the bright tube, as a share of the side. */
const tube = 0.026;
/** Distance at which the glow falls to 1 / e. */
const reach = 0.085;

/** A glowing tube along the edge, on the ground at night. */
export const neon: Style = {
  masks: 3,
  shade: (object, x, y, out) => {
    const distance = object.distance(x, y);
    const away = Math.abs(distance) / reach;
    const core = 0.95 * Math.exp(-((distance / tube) ** 2));
    const inside = distance < 0 ? 0.16 * (1 - Math.exp(-away * 2)) : 0;
    const glow = (1 - core) * Math.min(1, 0.85 * Math.exp(-(away ** 1.2)) + inside);
    const vignette = 1 - 0.7 * ((x - 0.5) ** 2 + (y - 0.5) ** 2);
    out[0] = (1 - core - glow) * vignette;
    out[1] = glow;
    out[2] = core;
  },
  ground: night,
  paints: (foreground) => [foreground, mix(foreground, white, 0.7)],
};

/** Darkens a ground and keeps its hue: what is far from gray stays so. */
function night(color: Color): Color {
  const gray = (color[0] + color[1] + color[2]) / 3;
  const channel = (value: number): number => Math.max(0.01, 0.24 * gray + 0.62 * (value - gray));
  return [channel(color[0]), channel(color[1]), channel(color[2])];
}
