import { covered, type Style } from './style.ts';

/** One color on another, as in an icon, with corners of the ground a little darker. */
export const flat: Style = {
  masks: 2,
  shade: (object, x, y, out) => {
    const inside = covered(object.distance(x, y));
    const vignette = 1 - 0.1 * ((x - 0.5) ** 2 + (y - 0.5) ** 2);
    out[0] = (1 - inside) * vignette;
    out[1] = inside;
  },
  ground: (background) => background,
  paints: (foreground) => [foreground],
};
