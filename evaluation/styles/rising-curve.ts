import type { Bootstraps, Comparison } from '../../common/statistics.ts';

/** Whether a curve rises, with the paired differences that say so. */
export interface Rise {
  /** From each point to the next. */
  steps: Comparison[];
  /** From the first point to the last. */
  ends: Comparison;
  /** Whether the whole interval of `ends` is above 0, and no step's whole interval is below 0. */
  rises: boolean;
}

/**
 * Returns whether a curve rises from its first point to its last: the whole interval of the difference of its ends is above
 * 0, and no step's whole interval is below 0. A curve that does not rise by this may fall, or may be undecided.
 */
const rises = (steps: readonly Pick<Comparison, 'ci95'>[], ends: Pick<Comparison, 'ci95'>): boolean =>
  ends.ci95[0] > 0 && steps.every(({ ci95: [, high] }) => high >= 0);

/**
 * Compares each point of a curve with the one before, and the last with the first, prompt by prompt.
 * @param points at least two, each with one value per prompt, in the same order
 */
export function riseOf(points: readonly Float64Array[], bootstraps: Bootstraps): Rise {
  if (points.length < 2) throw new RangeError(`expected at least two points of a curve, got ${points.length}`);
  const steps = points.slice(1).map((point, i) => bootstraps.compare(point, points[i]!));
  const ends = bootstraps.compare(points.at(-1)!, points[0]!);
  return { steps, ends, rises: rises(steps, ends) };
}
