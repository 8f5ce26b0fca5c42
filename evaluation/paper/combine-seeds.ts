import { mean } from '../../common/statistics.ts';
import type { CollectedRun, Results } from './paper-results.ts';

/**
 * Returns every arm's values per prompt, averaged over the seeds. The base is the same in all variants of a seed, since
 * the seed sets the start noise, so arms of different variants are paired.
 */
export function combine(runs: readonly CollectedRun[]): Results {
  const sums = new Map<string, Map<string, { sum: Float64Array; seeds: number }>>();
  for (const { arms, scores } of runs.flatMap(({ sets }) => sets))
    for (const [own, name] of Object.entries(arms))
      for (const [metric, values] of Object.entries(scores[own] ?? {})) {
        const metrics = sums.get(name) ?? new Map<string, { sum: Float64Array; seeds: number }>();
        sums.set(name, metrics);
        const entry = metrics.get(metric) ?? { sum: new Float64Array(values.length), seeds: 0 };
        metrics.set(metric, entry);
        entry.seeds++;
        values.forEach((value, i) => (entry.sum[i]! += value ?? NaN));
      }
  return Object.fromEntries(
    [...sums].map(([arm, metrics]) => [
      arm,
      Object.fromEntries([...metrics].map(([metric, { sum, seeds }]) => [metric, sum.map((value) => value / seeds)])),
    ]),
  );
}

/** Returns the mean of each metric of each arm. */
export const meansOf = (results: Results): Record<string, Record<string, number>> =>
  Object.fromEntries(
    Object.entries(results).map(([arm, metrics]) => [
      arm,
      Object.fromEntries(Object.entries(metrics).map(([metric, values]) => [metric, mean(values)])),
    ]),
  );
