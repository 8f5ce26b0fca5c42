import { black, covered, mix, white, type Style } from './style.ts';

/** Half the width of the line, as a share of the side. */
const halfLine = 0.028;

/** A thick dark line around a paler fill. */
export const outline: Style = {
  masks: 3,
  shade: (object, x, y, out) => {
    const distance = object.distance(x, y);
    const outer = covered(distance - halfLine);
    const inner = covered(distance + halfLine);
    out[0] = 1 - outer;
    out[1] = inner;
    out[2] = outer - inner;
  },
  ground: (background) => background,
  paints: (foreground) => [mix(foreground, white, 0.42), mix(foreground, black, 0.86)],
};
