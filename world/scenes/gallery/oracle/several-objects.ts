import { leastValidity } from '../../common/judgement.ts';
import type { StyleName } from '../gallery-scene.ts';
import { shades, type Colors } from './color-search.ts';
import type { Template } from './gallery-template.ts';
import type { Paints } from './jitter-fit.ts';
import { regionsOf, type Layout } from './object-layout.ts';
import type { Planes } from './planes.ts';
import { largestMean, type Residue } from './unexplained.ts';

/**
 * Strength of what no render explains, as a share of the render's, at which several objects are no longer all there is. A
 * neon tube is so much brighter than its surroundings that an error weighs less, and so does something else.
 */
const mostUnexplained: Record<StyleName, number> = { flat: 0.3, '3d': 0.325, neon: 0.25, outline: 0.325 };

/** A picture of several objects, and its nearest render. */
interface Several {
  readonly layout: Layout;
  readonly template: Template;
  readonly colors: Colors;
  readonly paints: Paints;
  readonly planes: Planes;
}

/**
 * Returns how well a picture is explained by several objects, in [0, 1], least of three: whether each object is explained
 * by itself, has its color, and is not joined by something else.
 */
export function validityOfSeveral(several: Several, residue: Residue): number {
  const left = 1 - (1 - leastValidity) * (unexplainedAmong(several, residue) / mostUnexplained[several.layout.style]);
  return Math.min(explainedEverywhere(several.layout, residue, several.planes), presence(several), left);
}

/**
 * Returns how strongly a picture shows something that its nearest render does not. Unlike a single object's, strength is the
 * root of a mean of squares, and the render's is that of what its objects change of the bare ground: several objects shift the mean of
 * the picture, and a dark line around a pale fill may weigh nothing.
 */
function unexplainedAmong({ template, paints }: Several, { left, render, side }: Residue): number {
  const { bare, count } = template;
  const objects = render.map((values, c) => {
    const [ground, rest] = [paints[c]!, paints[3 * (count - 1) + c]!];
    return values.map((value, i) => value - rest - bare[i]! * (ground - rest));
  });
  return largestMean(left, side, true) / Math.max(1e-6, largestMean(objects, side, true));
}

/** Returns how much of each color's difference from the ground the fit has left, the least: of a missing object, none. */
function presence({ template, colors, paints }: Several): number {
  const nominal = shades(template.style, colors);
  const own = (template.count - 2) / template.colors;
  const shares = Array.from({ length: template.colors }, (_, at) => {
    const mask = 1 + at * own;
    let [product, square] = [0, 0];
    for (let c = 0; c < 3; c++) {
      const expected = nominal[mask]![c]! - nominal[0]![c]!;
      product += expected * (paints[3 * mask + c]! - paints[c]!);
      square += expected ** 2;
    }
    return product / Math.max(1e-6, square);
  });
  return Math.min(...shares);
}

/**
 * Returns the share of the picture's variation around each of several objects that the render explains, the least of them:
 * a pale object that is not there leaves little of the whole picture, but all of its own surroundings.
 */
function explainedEverywhere(layout: Layout, { left, side }: Residue, { planes }: Planes): number {
  const regions = regionsOf(layout, side);
  const shares = layout.objects.map((_, object) => {
    let [lost, variation] = [0, 0];
    planes.forEach((plane, c) => {
      const own = plane.filter((_, i) => regions[i] === object);
      const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
      for (const value of own) variation += (value - mean) ** 2;
      left[c]!.forEach((value, i) => regions[i] === object && (lost += value ** 2));
    });
    return 1 - lost / Math.max(1e-6, variation);
  });
  return Math.min(...shares);
}
