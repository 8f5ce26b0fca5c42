import type { Color } from '../../common/degradation.ts';
import type { View } from './color-search.ts';
import { differences, type Template } from './gallery-template.ts';
import { solve } from './linear-system.ts';

/** Standard deviations of what is fitted: an object's shift in pixels (each way), scale and rotation; color shifts. */
const placeDeviations = [0.6, 0.6, 0.03, 0.06];
const colorDeviation = 0.02;
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
 * Fits the small differences between pictures of a scene, by one step of least squares: each object's place, scale and
 * rotation, and the colors. Large ones are held back by their prior.
 * @param colors of the masks, the rest's last
 */
export function fitJitter({ template, products, squares }: View, colors: readonly Color[]): JitterFit {
  const paints = emptyPaints(template);
  colors.forEach((color, k) => paints.set(color, 3 * k));
  const render = directionOf(paints);
  const directions = [...placeDirections(template, colors), ...colorDirections(template)].map(directionOf);
  const places = template.moves.length;
  const deviations = directions.map((_, i) => (i < places ? placeDeviations[i % differences]! : colorDeviation));
  const slopes = directions.map((each) => dot(each.paints, products) - inner(template, each, render));
  const curvature = directions.map((a, i) => directions.map((b, j) => (j <= i ? inner(template, a, b) : 0)));
  curvature.forEach((line, i) => line.forEach((_, j) => j > i && (line[j] = curvature[j]![i]!)));
  const bound = curvature.map((line, i) => line.map((v, j) => v + (i === j ? noiseVariance / deviations[i]! ** 2 : 0)));
  const amounts = solve(bound, slopes);
  let distance = squares - 2 * dot(paints, products) + inner(template, render, render);
  amounts.forEach((a, i) => {
    distance -= 2 * a * slopes[i]!;
    amounts.forEach((b, j) => (distance += a * b * curvature[i]![j]!));
    directions[i]!.paints.forEach((value, k) => (paints[k]! += a * value));
  });
  return { distance: Math.max(0, distance), paints };
}

/** A change of a picture, and the masks that have a color in it. */
interface Direction {
  readonly paints: Paints;
  readonly painted: readonly number[];
}

function directionOf(paints: Paints): Direction {
  const masks = Array.from({ length: paints.length / 3 }, (_, k) => k);
  return { paints, painted: masks.filter((k) => paints[3 * k] || paints[3 * k + 1] || paints[3 * k + 2]) };
}

function emptyPaints({ masks }: Template): Paints {
  return new Float64Array(3 * masks.length);
}

/** Changes of the picture with each object's place, scale and rotation. */
function placeDirections(template: Template, colors: readonly Color[]): Paints[] {
  return template.moves.map((move) => {
    const direction = emptyPaints(template);
    for (const { derivative, of } of move) direction.set(colors[of]!, 3 * derivative);
    return direction;
  });
}

/** Changes of the picture with the ground's color and with the objects', in each channel. */
function colorDirections(template: Template): Paints[] {
  return template.shares.flatMap((weights) =>
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
function inner({ gram, masks }: Template, a: Direction, b: Direction): number {
  const count = masks.length;
  let sum = 0;
  for (const j of a.painted) {
    const [red, green, blue] = [a.paints[3 * j]!, a.paints[3 * j + 1]!, a.paints[3 * j + 2]!];
    for (const k of b.painted)
      sum +=
        gram[j * count + k]! * (red * b.paints[3 * k]! + green * b.paints[3 * k + 1]! + blue * b.paints[3 * k + 2]!);
  }
  return sum;
}
