import type { Template } from './gallery-template.ts';
import type { Paints } from './jitter-fit.ts';
import { regionsOf, type Layout } from './layout.ts';
import type { Planes } from './planes.ts';

/** Side of the squares over which a picture's means are taken, as cells of half the template's resolution. */
const square = 3;
const middle = Math.floor(square / 2);

/**
 * Returns how strongly a picture shows something that its nearest render does not: the largest mean over a square of what
 * is left, as a share of the largest deviation of the render itself from its mean. Noise and a slight blur leave little; a
 * second object, or half of another picture, leaves about as much as the object is. Among several objects, each is compared
 * with what is left around itself.
 */
export function unexplained(layout: Layout, template: Template, { planes, side }: Planes, paints: Paints): number {
  const left = planes.map((plane) => plane.slice());
  const render = planes.map(() => new Float32Array(side * side));
  template.masks.forEach((mask, k) => {
    for (let c = 0; c < 3; c++) {
      const paint = paints[3 * k + c]!;
      if (paint === 0) continue;
      const target = render[c]!;
      for (let i = 0; i < mask.length; i++) target[i]! += paint * mask[i]!;
    }
  });
  render.forEach((values, c) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    for (let i = 0; i < values.length; i++) {
      left[c]![i]! -= values[i]!;
      values[i]! -= mean;
    }
  });
  const regions = regionsOf(layout, side / 2);
  const most = largestMeans(left, side, regions);
  return Math.max(...largestMeans(render, side, regions).map((shown, i) => most[i]! / Math.max(1e-6, shown)));
}

/** Returns the largest length of a square's mean color in each region. */
function largestMeans(planes: readonly Float32Array[], side: number, regions: Uint8Array): number[] {
  const cells = side / 2;
  const means = planes.map((plane) => cellMeans(plane, side));
  const largest = Array.from({ length: Math.max(...regions) + 1 }, () => 0);
  for (let top = 0; top + square <= cells; top++) {
    for (let left = 0; left + square <= cells; left++) {
      let length = 0;
      for (const plane of means) {
        let sum = 0;
        for (let y = 0; y < square; y++) for (let x = 0; x < square; x++) sum += plane[(top + y) * cells + left + x]!;
        length += (sum / square ** 2) ** 2;
      }
      const region = regions[(top + middle) * cells + left + middle]!;
      largest[region] = Math.max(largest[region]!, length);
    }
  }
  return largest.map(Math.sqrt);
}

function cellMeans(plane: Float32Array, side: number): Float32Array {
  const cells = side / 2;
  const means = new Float32Array(cells * cells);
  for (let i = 0; i < plane.length; i++) {
    means[((i >> 1) % cells) + cells * Math.floor(i / (2 * side))]! += plane[i]! / 4;
  }
  return means;
}
