import { RandomStream } from '../../common/random.ts';

/** One judgment of two: the share of it that the second won, 0.5 for a tie. */
export interface Match {
  first: string;
  second: string;
  /** In [0, 1]. */
  share: number;
  /** What was judged; judgments of the same thing are resampled together. */
  group: string;
}

/** How strong one is among all. */
export interface Strength {
  name: string;
  /** Log odds of winning against the first name, which has 0. */
  strength: number;
  /** Percentile bootstrap over groups. */
  ci95: [low: number, high: number];
}

const [RESAMPLES, ITERATIONS] = [400, 200];
/** Wins that every pair that met has each way beforehand: one that always won would otherwise be infinitely strong. */
const PRIOR = 0.5;

/**
 * Fits the model of Bradley and Terry (1952): i wins against j with probability p_i / (p_i + p_j). Solved by the
 * algorithm of Hunter (2004), p_i = wins of i / sum over j of n_ij / (p_i + p_j); a tie is half a win each way.
 * @param names the first has strength 0
 */
export function bradleyTerry(names: readonly string[], matches: readonly Match[]): Strength[] {
  const groups = new Map<string, Match[]>();
  for (const match of matches) groups.set(match.group, [...(groups.get(match.group) ?? []), match]);
  const all = [...groups.values()];
  const stream = new RandomStream(all.length, 'bradley-terry');
  const resampled = Array.from({ length: RESAMPLES }, () =>
    fit(
      names,
      all.flatMap(() => stream.choice(all)),
    ),
  );
  return fit(names, matches).map((strength, i) => {
    const values = resampled.map((each) => each[i]!).toSorted((a, b) => a - b);
    const at = (share: number) => values[Math.round(share * (values.length - 1))]!;
    return { name: names[i]!, strength, ci95: [at(0.025), at(0.975)] };
  });
}

/** Returns the log odds of each against the first. */
function fit(names: readonly string[], matches: readonly Match[]): number[] {
  const count = names.length;
  const wins = new Float64Array(count);
  const met = Array.from({ length: count }, () => new Float64Array(count));
  const add = (i: number, j: number, won: number, lost: number): void => {
    wins[i]! += won;
    wins[j]! += lost;
    met[i]![j]! += won + lost;
    met[j]![i]! += won + lost;
  };
  for (const { first, second, share } of matches) add(names.indexOf(first), names.indexOf(second), 1 - share, share);
  for (let i = 0; i < count; i++) for (let j = 0; j < i; j++) if (met[i]![j]! > 0) add(i, j, PRIOR, PRIOR);
  let strengths = new Float64Array(count).fill(1);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const next = strengths.map((own, i) => {
      const games = met[i]!.reduce((sum, n, j) => sum + (n === 0 ? 0 : n / (own + strengths[j]!)), 0);
      return games === 0 ? 1 : wins[i]! / games;
    });
    const scale = Math.exp(next.reduce((sum, value) => sum + Math.log(value), 0) / count);
    strengths = next.map((value) => value / scale);
  }
  return [...strengths].map((value) => Math.log(value / strengths[0]!));
}
