import { InputError } from '../../common/errors.ts';
import { CHOSEN } from '../../evaluation/arms/arm-names.ts';
import type { NamedComparison } from '../../evaluation/results.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords, type RunStatus, type StageFile } from '../../pipeline/runs/runs.ts';
import { armsCompared, readResults, whyUnpaired, type ArmCompared, type RunResults } from './compare-results.ts';
import { leavesOf } from './setting-changes.ts';
import { watchedRun, type WatchedRun } from './watched-run.ts';

/** Fewest and most runs that are compared at once. */
const [FEWEST, MOST] = [2, 5];

/** Runs side by side; every list of values has one for each run, in the same order. */
export interface RunsCompared {
  runs: {
    run: string;
    status: RunStatus;
    createdAt: string;
    gamed: boolean;
    damage?: string;
    /** Time of the stages that ran in it; reused ones took none. */
    seconds: number;
    /** Number of test prompts; null before the evaluation. */
    prompts: number | null;
  }[];
  /** The settings in which they differ; null where a run lacks one. */
  settings: { key: string; values: unknown[] }[];
  /** The chosen encoder against the base on each metric; null before a run's evaluation. */
  metrics: { metric: string; values: (NamedComparison | null)[] }[];
  /** Every arm that one of them evaluated, the chosen and the exported one first. */
  arms: ArmCompared[];
  /** Why a run is not compared with the first prompt by prompt; null where it is, and for the first. */
  unpaired: (string | null)[];
  /** How long each stage took; null where it has not ended. */
  durations: { stage: string; values: ({ seconds: number; reused: boolean } | null)[] }[];
}

/**
 * Compares two to five runs: what differs in their configurations, what they measured, and how long they took. On the test
 * prompts that both have, whose pictures start from the same noise, a run is compared with the first prompt by prompt.
 * @param names ids, or `latest`
 * @throws InputError when there are fewer or more, one is named twice or does not exist
 * @example
 * ```ts
 * import { compareRuns } from './api/watch/compare-runs.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const names = ['tiny-20261124-101500', 'tiny-20261124-113000'];
 * const { settings, arms } = await compareRuns(new Home('.textcraftor'), names);
 * for (const { key, values } of settings) console.log(key, ...values);
 * for (const { arm, metrics } of arms)
 *   for (const { metric, overFirst } of metrics) console.log(arm, metric, overFirst[1]?.ci95);
 * ```
 */
export async function compareRuns(home: Home, names: readonly string[]): Promise<RunsCompared> {
  const ids = await resolveRuns(home, names);
  const runs = await Promise.all(ids.map((id) => watchedRun(home, id)));
  const results = await Promise.all(runs.map((run) => readResults(home, run)));
  return {
    runs: runs.map((run, i) => describeRun(run, results[i]!)),
    settings: differingSettings(runs),
    metrics: chosenMetrics(runs),
    arms: armsCompared(results),
    unpaired: results.map((each, i) => (i === 0 ? null : (whyUnpaired(results[0]!, each) ?? null))),
    durations: stageDurations(runs),
  };
}

async function resolveRuns(home: Home, names: readonly string[]): Promise<string[]> {
  if (names.length < FEWEST || names.length > MOST || new Set(names).size < names.length)
    throw new InputError(`Expected ${FEWEST} to ${MOST} different runs to compare; got ${names.length}.`);
  const records = new RunRecords(home);
  const ids: string[] = [];
  for (const name of names) {
    const id = await records.resolve(name);
    if (ids.includes(id))
      throw new InputError(`Expected ${FEWEST} to ${MOST} different runs to compare; ${id} is named twice.`);
    ids.push(id);
  }
  return ids;
}

function describeRun(
  { run, status, createdAt, gamed, damage, stages }: WatchedRun,
  { scores }: RunResults,
): RunsCompared['runs'][number] {
  return {
    run,
    status,
    createdAt,
    gamed,
    ...(damage === undefined ? {} : { damage }),
    seconds: stages.reduce((sum, stage) => sum + (stage.status === 'ran' ? stage.seconds : 0), 0),
    prompts: scores?.prompts.length ?? null,
  };
}

function differingSettings(runs: readonly WatchedRun[]): RunsCompared['settings'] {
  const leaves = runs.map(({ configuration }) => leavesOf(configuration));
  const keys = [...new Set(leaves.flatMap((each) => [...each.keys()]))];
  return keys
    .map((key) => ({ key, values: leaves.map((each) => each.get(key) ?? null) }))
    .filter(({ values }) => new Set(values.map((value) => JSON.stringify(value))).size > 1);
}

function chosenMetrics(runs: readonly WatchedRun[]): RunsCompared['metrics'] {
  const chosen = runs.map(({ comparisons }) => comparisons.filter(({ arm }) => arm === CHOSEN));
  const metrics = [...new Set(chosen.flatMap((each) => each.map(({ metric }) => metric)))];
  return metrics.map((metric) => ({
    metric,
    values: chosen.map((each) => each.find((comparison) => comparison.metric === metric) ?? null),
  }));
}

function stageDurations(runs: readonly WatchedRun[]): RunsCompared['durations'] {
  const duration = (stage: StageFile | undefined) =>
    stage?.status === 'ran' || stage?.status === 'reused'
      ? { seconds: stage.seconds, reused: stage.status === 'reused' }
      : null;
  const names = [...new Set(runs.flatMap(({ stages }) => stages.map(({ name }) => name)))];
  return names.map((stage) => ({
    stage,
    values: runs.map(({ stages }) => duration(stages.find(({ name }) => name === stage))),
  }));
}
