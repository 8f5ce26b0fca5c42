import type { CategoryLine } from '../results.ts';
import type { BenchmarkPrompt } from '../../datasets/rules/benchmarks.ts';
import { mean, standardDeviation, type Bootstraps } from '../../common/statistics.ts';
import { pairs } from './choice.ts';
import type { ArmScores } from './experiment.ts';

const GROUPS = 10;

/** Returns every arm on every category, and on all prompts together (column ''). */
export function categoryLines(
  prompts: readonly BenchmarkPrompt[],
  scores: ArmScores,
  bootstraps: Bootstraps,
): CategoryLine[] {
  const columns = [...new Set(prompts.flatMap(({ groups }) => Object.keys(groups)))];
  const sets = [
    { column: '', value: '', rows: prompts.map((_, i) => i) },
    ...columns.flatMap((column) =>
      [...new Set(prompts.map(({ groups }) => groups[column] ?? ''))].map((value) => ({
        column,
        value,
        rows: prompts.flatMap(({ groups }, i) => ((groups[column] ?? '') === value ? [i] : [])),
      })),
    ),
  ];
  return sets.flatMap(({ column, value, rows }) => {
    const part = only(scores, rows);
    return Object.keys(part['base']!).flatMap((metric) =>
      Object.keys(part).flatMap((arm): CategoryLine[] => {
        const [own, base] = pairs(part, arm, 'base', metric);
        if (own.length === 0) return [];
        const deviation = groupDeviation(own);
        const line = { column, value, metric, arm, n: own.length, mean: mean(own) };
        return [
          {
            ...line,
            ...(deviation === undefined ? {} : { groupDeviation: deviation }),
            ...(arm === 'base' ? {} : { difference: bootstraps.compare(own, base) }),
          },
        ];
      }),
    );
  });
}

/**
 * Returns the standard deviation of the means of ten equal groups of consecutive values; undefined for fewer than two
 * per group.
 */
export function groupDeviation(values: Float64Array): number | undefined {
  const size = Math.floor(values.length / GROUPS);
  if (size < 2) return undefined;
  return standardDeviation(Array.from({ length: GROUPS }, (_, i) => mean(values.subarray(i * size, (i + 1) * size))));
}

/** The scores of some of the prompts. */
function only(scores: ArmScores, rows: readonly number[]): ArmScores {
  const select = (values: Float64Array) => Float64Array.from(rows, (row) => values[row]!);
  const entries = Object.entries(scores).map(([arm, metrics]) => [
    arm,
    Object.fromEntries(Object.entries(metrics).map(([metric, values]) => [metric, select(values)])),
  ]);
  return Object.fromEntries(entries) as ArmScores;
}
