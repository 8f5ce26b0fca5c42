import type { Color } from '../../common/degradation.ts';
import type { View } from './color-search.ts';
import { differences, type Template } from './gallery-template.ts';

/** Standard deviations of what is fitted: a shift in pixels (each way), scale, rotation, color shifts. */
const deviations = [0.6, 0.6, 0.03, 0.06, ...Array<number>(6).fill(0.02)];
/** Variance of a pixel that no render explains, which the deviations are weighed against. */
const noiseVariance = 0.03 ** 2;

/** A picture as a sum of masks, each times a color: [masks, 3]. */
export type Paints = Float64Array;

export interface JitterFit {
  /** Squared distance that is left. */
  readonly distance: number;
  /** The nearest picture. */
  readonly paints: Paints;
}

/**
 * Fits the small differences between pictures of a scene, by one step of least squares: the object's place, scale and
 * rotation, and the two colors. Large ones are held back by their prior.
 * @param colors of the masks, the rest's last
 */
export function fitJitter({ template, products, squares }: View, colors: readonly Color[]): JitterFit {
  const paints = emptyPaints(template);
  colors.forEach((color, k) => paints.set(color, 3 * k));
  const directions = [...placeDirections(template, colors), ...colorDirections(template)];
  const painted = directions.map((direction) => inner(template, direction, paints));
  const slopes = directions.map((direction, i) => dot(direction, products) - painted[i]!);
  const curvature = directions.map((a, i) => directions.map((b, j) => (j <= i ? inner(template, a, b) : 0)));
  curvature.forEach((line, i) => line.forEach((_, j) => j > i && (line[j] = curvature[j]![i]!)));
  const bound = curvature.map((line, i) => line.map((v, j) => v + (i === j ? noiseVariance / deviations[i]! ** 2 : 0)));
  const amounts = solve(bound, slopes);
  const start = squares - 2 * dot(paints, products) + inner(template, paints, paints);
  let distance = start;
  amounts.forEach((a, i) => {
    distance -= 2 * a * slopes[i]!;
    amounts.forEach((b, j) => (distance += a * b * curvature[i]![j]!));
    directions[i]!.forEach((value, k) => (paints[k]! += a * value));
  });
  return { distance: Math.max(0, distance), paints };
}

function emptyPaints({ masks }: Template): Paints {
  return new Float64Array(3 * masks.length);
}

/** Changes of the picture with the object's place, scale and rotation. */
function placeDirections(template: Template, colors: readonly Color[]): Paints[] {
  return Array.from({ length: differences }, (_, d) => {
    const direction = emptyPaints(template);
    colors.forEach((color, k) => direction.set(color, 3 * ((d + 1) * template.count + k)));
    return direction;
  });
}

/** Changes of the picture with the ground's color and with the object's, in each channel. */
function colorDirections(template: Template): Paints[] {
  return [[1], template.shares].flatMap((weights) =>
    [0, 1, 2].map((channel) => {
      const direction = emptyPaints(template);
      weights.forEach((weight, k) => (direction[3 * k + channel] = weight));
      return direction;
    }),
  );
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Returns the scalar product of two pictures. */
function inner({ gram, masks }: Template, a: Paints, b: Paints): number {
  const count = masks.length;
  let sum = 0;
  for (let j = 0; j < count; j++) {
    const [red, green, blue] = [a[3 * j]!, a[3 * j + 1]!, a[3 * j + 2]!];
    if (red === 0 && green === 0 && blue === 0) continue;
    for (let k = 0; k < count; k++)
      sum += gram[j * count + k]! * (red * b[3 * k]! + green * b[3 * k + 1]! + blue * b[3 * k + 2]!);
  }
  return sum;
}

/** Solves a system of linear equations with a positive definite matrix, by Gauss's elimination. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((line, i) => [...line, right[i]!]);
  const n = rows.length;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const factor = rows[j]![i]! / rows[i]![i]!;
      for (let k = i; k <= n; k++) rows[j]![k]! -= factor * rows[i]![k]!;
    }
  }
  const found = Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    const known = found.reduce((sum, value, k) => (k > i ? sum + rows[i]![k]! * value : sum), 0);
    found[i] = (rows[i]![n]! - known) / rows[i]![i]!;
  }
  return found;
}
