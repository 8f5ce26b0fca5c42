import type { PlacedObject } from '../placed-object.ts';
import { covered, smoothStep, white, type Style } from './style.ts';

/** Towards the light, at the top left and before the picture (x, y downwards, towards the eye). */
const light = unit(-0.45, -0.6, 0.85);
/** Halfway between light and eye: where a surface that faces it shines. */
const half = unit(light[0], light[1], light[2] + 1);
/** Offset of the shadow, in radii. */
const shadowShift = [0.24, 0.34] as const;
/** Width of the rounded border, in radii: all of a circle, which makes it a sphere; a cross's arms become tubes. */
const borders: Record<PlacedObject['shape'], number> = { circle: 1, square: 0.5, triangle: 0.6, cross: 0.4 };
/** Half the distance over which a slope is measured, as a share of the side: it rounds the ridges. */
const step = 1 / 100;

/** A rounded body with light, shade, a highlight and a soft shadow on the ground. */
export const solid: Style = {
  masks: 3,
  shade: (object, x, y, out) => {
    const { radius } = object;
    const distance = object.distance(x, y);
    const inside = covered(distance);
    const ground = 1 - 0.3 * smoothStep(0, 1.5, Math.hypot(x - 0.3, y - 0.15));
    const shadow = object.distance(x - shadowShift[0] * radius, y - shadowShift[1] * radius);
    const lit = 1 - 0.5 * smoothStep(0.3 * radius, -0.35 * radius, shadow);
    out[0] = (1 - inside) * ground * lit;
    out[1] = 0;
    out[2] = 0;
    if (inside === 0) return;
    const [diffuse, shine] = lighting(object, x, y, distance);
    out[1] = inside * (1 - shine) * Math.min(1, 0.42 + 0.66 * diffuse);
    out[2] = inside * shine;
  },
  ground: (background) => background,
  paints: (foreground) => [foreground, white],
};

/** Returns the diffuse light and the highlight on the body's surface, both in [0, 1]. */
function lighting(object: PlacedObject, x: number, y: number, distance: number): readonly [number, number] {
  const dx = (object.distance(x + step, y) - object.distance(x - step, y)) / (2 * step);
  const dy = (object.distance(x, y + step) - object.distance(x, y - step)) / (2 * step);
  // A quarter of a circle from the edge (facing outwards) to the middle (facing the eye).
  const slope = Math.min(1, Math.max(0, 1 + distance / (borders[object.shape] * object.radius)));
  const outwards = 0.94 * slope ** 1.3;
  const [right, down] = [outwards * dx, outwards * dy];
  const normal = [right, down, Math.sqrt(1 - right ** 2 - down ** 2)] as const;
  const towards = ([a, b, c]: readonly [number, number, number]): number =>
    Math.max(0, a * normal[0] + b * normal[1] + c * normal[2]);
  return [towards(light), 0.85 * towards(half) ** 30];
}

function unit(x: number, y: number, z: number): readonly [number, number, number] {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}
