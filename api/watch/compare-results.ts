import { isDeepStrictEqual } from 'node:util';
import { readResult } from '../../common/files/result-file.ts';
import { Bootstraps, mean, type Comparison } from '../../common/statistics.ts';
import { CHOSEN, EXPORTED } from '../../evaluation/arms/arm-names.ts';
import { isGoal } from '../../evaluation/comparison/metrics.ts';
import { HELD_OUT } from '../../evaluation/evaluation-names.ts';
import { verdictOf, type Verdict } from '../../evaluation/report/format-numbers.ts';
import { COMPARISONS, SCORES, type NamedComparison, type Scores } from '../../evaluation/results.ts';
import type { Config } from '../../pipeline/config/config.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { verifiedFolders } from '../runs/artifact-folders.ts';
import type { WatchedRun } from './watched-run.ts';

/** What a run measured on its test prompts; without scores before its evaluation, or when that is damaged. */
export interface RunResults {
  configuration: Partial<Config>;
  comparisons: NamedComparison[];
  scores?: Scores;
}

/** A run against the first one, prompt by prompt, on the `n` test prompts that both have. */
export interface OverFirst extends Comparison {
  /** For metrics of which more is better: whether the interval excludes 0, and on which side. */
  verdict?: Verdict;
}

/** An arm's metrics side by side: an entry per run, null where the run does not have it. */
export interface ArmCompared {
  arm: string;
  metrics: {
    metric: string;
    /** Mean over the prompts. */
    means: (number | null)[];
    /** The arm against the same run's base. */
    overBase: (Comparison | null)[];
    /** Each run against the first; null for the first, and where they are not comparable. */
    overFirst: (OverFirst | null)[];
  }[];
}

/**
 * Reads what a run measured.
 * @example
 * ```ts
 * import { readResults } from './api/watch/compare-results.ts';
 * import { watchedRun } from './api/watch/watched-run.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const home = new Home('.textcraftor');
 * const { scores } = await readResults(home, await watchedRun(home, 'latest'));
 * console.log(Object.keys(scores?.scores ?? {}));
 * ```
 */
export async function readResults(home: Home, { run, configuration, damage }: WatchedRun): Promise<RunResults> {
  const read: RunResults = { configuration: (configuration ?? {}) as Partial<Config>, comparisons: [] };
  if (damage !== undefined) return read;
  const { evaluate } = await verifiedFolders(home, await new RunRecords(home).read(run), ['evaluate']);
  if (evaluate === undefined) return read;
  return { ...read, comparisons: await readResult(COMPARISONS, evaluate), scores: await readResult(SCORES, evaluate) };
}

/**
 * Lists every arm that one of the runs evaluated, the chosen and the exported one first.
 * @example
 * ```ts
 * import { armsCompared, readResults } from './api/watch/compare-results.ts';
 * import { watchedRun } from './api/watch/watched-run.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const home = new Home('.textcraftor');
 * const names = ['tiny-20261124-101500', 'latest'];
 * const all = await Promise.all(names.map(async (name) => readResults(home, await watchedRun(home, name))));
 * for (const { arm, metrics } of armsCompared(all)) console.log(arm, metrics[0]?.means);
 * ```
 */
export function armsCompared(all: readonly RunResults[]): ArmCompared[] {
  const found = new Set(all.flatMap(({ scores }) => Object.keys(scores?.scores ?? {})));
  const arms = [...new Set([CHOSEN, EXPORTED, ...found])].filter((arm) => found.has(arm));
  return arms.map((arm) => {
    const metrics = new Set(all.flatMap(({ scores }) => Object.keys(scores?.scores[arm] ?? {})));
    return { arm, metrics: [...metrics].map((metric) => metricCompared(all, arm, metric)) };
  });
}

function metricCompared(all: readonly RunResults[], arm: string, metric: string): ArmCompared['metrics'][number] {
  const [first] = all;
  return {
    metric,
    means: all.map(({ scores }) => {
      const known = (scores?.scores[arm]?.[metric] ?? []).filter((value) => value !== null);
      return known.length > 0 ? mean(known) : null;
    }),
    overBase: all.map(({ comparisons }) => {
      const own = comparisons.find((each) => each.arm === arm && each.against === 'base' && each.metric === metric);
      return own ? { n: own.n, mean: own.mean, ci95: own.ci95, winRate: own.winRate } : null;
    }),
    overFirst: all.map((other) => (other === first ? null : overFirst(first!, other, arm, metric))),
  };
}

/**
 * Says why two runs' pictures do not belong together prompt by prompt; undefined where they do.
 * @example
 * ```ts
 * import { readResults, whyUnpaired } from './api/watch/compare-results.ts';
 * import { watchedRun } from './api/watch/watched-run.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const home = new Home('.textcraftor');
 * const read = async (name: string) => readResults(home, await watchedRun(home, name));
 * console.log(whyUnpaired(await read('tiny-20261124-101500'), await read('latest')));
 * ```
 */
export function whyUnpaired(first: RunResults, other: RunResults): string | undefined {
  if (!first.scores || !other.scores) return 'one of them has no evaluation yet';
  const [seed, own] = [first.configuration.seed, other.configuration.seed];
  if (seed !== own) return `their seeds are ${seed} and ${own}, so their pictures start from other noise`;
  if (first.scores.samplesPerPrompt !== other.scores.samplesPerPrompt)
    return `they made ${first.scores.samplesPerPrompt} and ${other.scores.samplesPerPrompt} pictures of each prompt`;
  // The start noise of a picture depends on the seed, the prompt and the sample only.
  const ids = new Set(first.scores.prompts.map(({ id }) => id));
  return other.scores.prompts.some(({ id }) => ids.has(id)) ? undefined : 'they have no test prompt in common';
}

/** Returns whether a metric of two runs is measured by the same model; those of the exact judge always are. */
function isSameMetric(first: RunResults, other: RunResults, metric: string): boolean {
  const judge = ({ configuration: { rewards, heldOut } }: RunResults): object | undefined => {
    const found = metric === HELD_OUT ? heldOut : rewards?.find(({ name }) => name === metric);
    return found && { ...found, weight: 0 };
  };
  return isDeepStrictEqual(judge(first), judge(other));
}

function overFirst(first: RunResults, other: RunResults, arm: string, metric: string): OverFirst | null {
  if (whyUnpaired(first, other) !== undefined || !isSameMetric(first, other, metric)) return null;
  const byId = ({ scores }: RunResults): Map<string, number | null> =>
    new Map(scores!.prompts.map(({ id }, i) => [id, scores!.scores[arm]?.[metric]?.[i] ?? null]));
  const own = byId(other);
  const pairs = [...byId(first)].flatMap(([id, before]) => {
    const after = own.get(id) ?? null;
    return before === null || after === null ? [] : [{ before, after }];
  });
  if (pairs.length === 0) return null;
  const comparison = new Bootstraps(first.configuration.seed ?? 0).compare(
    pairs.map(({ after }) => after),
    pairs.map(({ before }) => before),
  );
  return isGoal(metric) ? { ...comparison, verdict: verdictOf(comparison) } : comparison;
}
