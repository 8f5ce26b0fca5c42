import type { Template } from './gallery-template.ts';
import type { Paints } from './jitter-fit.ts';
import type { Planes } from './planes.ts';

/** Side of the squares over which a picture's means are taken, as cells of half the template's resolution. */
const square = 3;

/** A picture's nearest render, and what it leaves: planes of side x side numbers. */
export interface Residue {
  readonly side: number;
  readonly render: readonly Float32Array[];
  readonly left: readonly Float32Array[];
}

/** Takes the render off a picture. */
export function residueOf(template: Template, { planes, side }: Planes, paints: Paints): Residue {
  const render = planes.map(() => new Float32Array(side * side));
  template.masks.forEach((mask, k) => {
    for (let c = 0; c < 3; c++) {
      const paint = paints[3 * k + c]!;
      if (paint === 0) continue;
      const target = render[c]!;
      for (let i = 0; i < mask.length; i++) target[i]! += paint * mask[i]!;
    }
  });
  return { side, render, left: planes.map((plane, c) => plane.map((value, i) => value - render[c]![i]!)) };
}

/**
 * Returns how strongly a picture shows something that its nearest render does not: the largest mean over a square of what
 * is left, as a share of the largest deviation of the render itself from its mean. Noise and a slight blur leave little; a
 * second object, or half of another picture, leaves about as much as the object is.
 */
export function unexplained({ render, left, side }: Residue): number {
  const deviations = render.map((values) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - mean);
  });
  return largestMean(left, side) / Math.max(1e-6, largestMean(deviations, side));
}

/** Returns the largest length of a square's mean color; or of the root of the mean of its cells' squares. */
export function largestMean(planes: readonly Float32Array[], side: number, squared = false): number {
  const cells = side / 2;
  const means = planes.map((plane) => cellMeans(plane, side));
  let largest = 0;
  for (let top = 0; top + square <= cells; top++) {
    for (let left = 0; left + square <= cells; left++) {
      let length = 0;
      for (const plane of means) {
        let sum = 0;
        for (let y = 0; y < square; y++) {
          for (let x = 0; x < square; x++) {
            const value = plane[(top + y) * cells + left + x]!;
            sum += squared ? value * value : value;
          }
        }
        length += squared ? sum / square ** 2 : (sum / square ** 2) ** 2;
      }
      largest = Math.max(largest, length);
    }
  }
  return Math.sqrt(largest);
}

function cellMeans(plane: Float32Array, side: number): Float32Array {
  const cells = side / 2;
  const means = new Float32Array(cells * cells);
  for (let i = 0; i < plane.length; i++) {
    means[((i >> 1) % cells) + cells * Math.floor(i / (2 * side))]! += plane[i]! / 4;
  }
  return means;
}
