import type { Degradation } from './degradation.ts';

export type Levels = Pick<Degradation, 'dullness' | 'darkness'>;

/**
 * Finds the dullness and darkness, in [0, 1], of the least distance near `start`: a pattern search with a stride that
 * begins at .1 and halves.
 */
export function searchLevels(start: Levels, distanceAt: (levels: Levels) => number): Levels {
  let best = start;
  let least = distanceAt(best);
  for (let stride = 0.1; stride > 0.005;) {
    const { dullness, darkness } = best;
    const steps: Levels[] = [
      { darkness, dullness: Math.min(1, dullness + stride) },
      { darkness, dullness: Math.max(0, dullness - stride) },
      { dullness, darkness: Math.min(1, darkness + stride) },
      { dullness, darkness: Math.max(0, darkness - stride) },
    ];
    const distances = steps.map(distanceAt);
    const lowestDistance = Math.min(...distances);
    if (lowestDistance < least - 1e-9) [best, least] = [steps[distances.indexOf(lowestDistance)]!, lowestDistance];
    else stride /= 2;
  }
  return best;
}

/** Returns the minimum of the parabola through the least of `values` and its (equidistant) neighbors. */
export function lowest(levels: readonly number[], values: readonly number[]): number {
  const at = values.indexOf(Math.min(...values));
  const [left, middle, right] = [values[at - 1], values[at]!, values[at + 1]];
  if (left === undefined || right === undefined) return levels[at]!;
  const curvature = left - 2 * middle + right;
  return curvature > 0 ? levels[at]! + ((levels[1]! - levels[0]!) * (left - right)) / (2 * curvature) : levels[at]!;
}
