import type { Bootstraps, Comparison } from '../../common/statistics.ts';

export type Verdict = 'holds' | 'does not hold' | 'undecided' | 'not measured';

/**
 * One inequality of a claim, about a mean difference over prompts. `above` and `below`: its whole interval lies on that
 * side of the bound. `not below`: its interval does not lie below the bound, so nothing contradicts that it is at least
 * that.
 */
export interface Statement extends Pick<Comparison, 'mean' | 'ci95' | 'n'> {
  metric: string;
  must: 'above' | 'below' | 'not below';
  bound: number;
}

/**
 * Compares an arm's values with another's, prompt by prompt.
 * @returns undefined if either was not measured on every prompt, or there are fewer than two
 */
export function statement(
  bootstraps: Bootstraps,
  metric: string,
  values: readonly [arm: ArrayLike<number> | undefined, against: ArrayLike<number> | undefined],
  must: Statement['must'] = 'above',
  bound = 0,
): Statement | undefined {
  const [arm, against] = values;
  if (!arm || !against || arm.length < 2) return undefined;
  const { mean, ci95, n } = bootstraps.compare(arm, against);
  return [mean, ...ci95].every(Number.isFinite) ? { metric, mean, ci95, n, must, bound } : undefined;
}

/** Judges one inequality; an interval that touches the bound from the wrong side refutes it. */
function verdictOfOne({ ci95: [low, high], must, bound }: Statement): Verdict {
  if (must === 'not below') return high < bound ? 'does not hold' : 'holds';
  const [least, most] = must === 'above' ? [low - bound, high - bound] : [bound - high, bound - low];
  if (least > 0) return 'holds';
  return most <= 0 ? 'does not hold' : 'undecided';
}

/**
 * A claim holds if all of its statements do; it does not if any does not; it is undecided if the interval of any other
 * contains its bound; it is not measured without all of them.
 */
export function verdictOf(statements: readonly (Statement | undefined)[]): Verdict {
  if (statements.length === 0) return 'not measured';
  const verdicts = statements.map((each) => (each === undefined ? 'not measured' : verdictOfOne(each)));
  for (const verdict of ['not measured', 'does not hold', 'undecided'] as const)
    if (verdicts.includes(verdict)) return verdict;
  return 'holds';
}
