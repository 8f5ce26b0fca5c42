import { InputError } from '../../common/errors.ts';
import { CHOSEN } from '../../evaluation/arms/arm-names.ts';
import type { NamedComparison } from '../../evaluation/results.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import type { RunStatus } from '../../pipeline/runs/runs.ts';
import { leavesOf } from './setting-changes.ts';
import { watchedRun } from './watched-run.ts';

/** Fewest and most runs that are compared at once. */
const [FEWEST, MOST] = [2, 5];

/** Runs side by side; every list of values has one for each run, in the same order. */
export interface RunsCompared {
  runs: { run: string; status: RunStatus; createdAt: string; gamed: boolean; damage?: string }[];
  /** The settings in which they differ; null where a run lacks one. */
  settings: { key: string; values: unknown[] }[];
  /** The chosen encoder against the base on each metric; null before a run's evaluation. */
  metrics: { metric: string; values: (NamedComparison | null)[] }[];
}

/**
 * Compares two to five runs.
 * @throws InputError when there are fewer or more, one is named twice or does not exist
 * @example
 * ```ts
 * import { compareRuns } from './api/watch/compare-runs.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const names = ['tiny-20261124-101500', 'tiny-20261124-113000'];
 * const { settings } = await compareRuns(new Home('.textcraftor'), names);
 * for (const { key, values } of settings) console.log(key, ...values);
 * ```
 */
export async function compareRuns(home: Home, names: readonly string[]): Promise<RunsCompared> {
  if (names.length < FEWEST || names.length > MOST || new Set(names).size < names.length)
    throw new InputError(`Expected ${FEWEST} to ${MOST} different runs to compare; got ${names.length}.`);
  const runs = await Promise.all(names.map((name) => watchedRun(home, name)));
  const leaves = runs.map(({ configuration }) => leavesOf(configuration));
  const keys = [...new Set(leaves.flatMap((each) => [...each.keys()]))];
  const settings = keys.map((key) => ({ key, values: leaves.map((each) => each.get(key) ?? null) }));
  const chosen = runs.map(({ comparisons }) => comparisons.filter(({ arm }) => arm === CHOSEN));
  const metrics = [...new Set(chosen.flatMap((each) => each.map(({ metric }) => metric)))];
  return {
    runs: runs.map(({ run, status, createdAt, gamed, damage }) => ({
      run,
      status,
      createdAt,
      gamed,
      ...(damage === undefined ? {} : { damage }),
    })),
    settings: settings.filter(({ values }) => new Set(values.map((value) => JSON.stringify(value))).size > 1),
    metrics: metrics.map((metric) => ({
      metric,
      values: chosen.map((each) => each.find((comparison) => comparison.metric === metric) ?? null),
    })),
  };
}
