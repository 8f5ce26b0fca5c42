import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../../common/errors.ts';
import { readResult } from '../../common/files/result-file.ts';
import { Bootstraps, mean, type Comparison } from '../../common/statistics.ts';
import { HELD_OUT } from '../../evaluation/evaluation-names.ts';
import { COMPARISONS, SCORES, SWEEP, type NamedComparison, type Scores, type Sweep } from '../../evaluation/results.ts';
import type { Config } from '../../pipeline/config/config.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { publicConfig } from '../../registry/notify/notify-secrets.ts';
import { verifiedFolders } from '../runs/artifact-folders.ts';
import { settingDifferences, type SettingDifference } from './setting-differences.ts';

export interface RunComparison {
  /** The arm whose metrics are compared. */
  arm: string;
  runs: {
    run: string;
    status: string;
    /** What validation prompts chose; null before the sweep. */
    chosen: Sweep['chosen'] | null;
    /** Number of test prompts; null before the evaluation. */
    prompts: number | null;
  }[];
  /** Keys of the configurations that are not equal in all runs. */
  settings: SettingDifference[];
  metrics: ComparedMetric[];
  /** For each run but the first, why it is not compared with the first prompt by prompt; null where it is. */
  unpaired: (string | null)[];
}

/** A metric side by side: an entry per run, null where the run does not have it. */
export interface ComparedMetric {
  metric: string;
  /** Mean over the prompts. */
  means: (number | null)[];
  /** The arm against the same run's base; null for the base itself. */
  overBase: (Comparison | null)[];
  /** Each run but the first against the first, prompt by prompt; null where they are not comparable. */
  overFirst: (Comparison | null)[];
}

/** What is read of a run. */
interface Read {
  config: Config;
  scores?: Scores;
  comparisons: NamedComparison[];
}

/**
 * Compares runs: what differs in their configurations, and an arm's metrics side by side. Where two runs made their pictures of
 * the same prompts from the same start noise, each is compared with the first prompt by prompt.
 * @param names ids of runs, or `latest`; at least two different ones
 * @param arm of the evaluations
 * @throws InputError for an unknown run, one that is named twice, and an arm that no run has
 * @example
 * ```ts
 * import { compareRuns } from './api/comparison/compare-runs.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { metrics } = await compareRuns(new Home('.textcraftor'), ['tiny-20261124-030000', 'latest']);
 * for (const { metric, means, overFirst } of metrics) console.log(metric, means, overFirst[0]?.ci95);
 * ```
 */
export async function compareRuns(home: Home, names: readonly string[], arm = 'chosen'): Promise<RunComparison> {
  const records = new RunRecords(home);
  const runs: RunComparison['runs'] = [];
  const all: Read[] = [];
  for (const name of names) {
    const run = await records.read(name);
    if (runs.some((other) => other.run === run.id))
      throw new InputError(`Run ${run.id} is named twice; name two runs. See: textcraftor list`);
    const config = (await records.config(run.id)) as Config;
    const folders = await verifiedFolders(home, run, ['sweep', 'evaluate']);
    const scores = folders['evaluate'] === undefined ? undefined : await readResult(SCORES, folders['evaluate']);
    const comparisons = folders['evaluate'] === undefined ? [] : await readResult(COMPARISONS, folders['evaluate']);
    all.push({ config, comparisons, ...(scores ? { scores } : {}) });
    const chosen = folders['sweep'] === undefined ? null : (await readResult(SWEEP, folders['sweep'])).chosen;
    runs.push({ run: run.id, status: run.status, chosen, prompts: scores?.prompts.length ?? null });
  }
  requireArm(all, arm);
  const [first, ...others] = all;
  return {
    arm,
    runs,
    settings: settingDifferences(all.map(({ config }) => publicConfig(config))),
    metrics: metricNames(all, arm).map((metric) => comparedMetric(all, arm, metric)),
    unpaired: others.map((other) => whyUnpaired(first!, other) ?? null),
  };
}

function requireArm(all: readonly Read[], arm: string): void {
  const arms = [...new Set(all.flatMap(({ scores }) => Object.keys(scores?.scores ?? {})))];
  if (arms.length > 0 && !arms.includes(arm))
    throw new InputError(`No run has an arm "${arm}"; their arms are ${arms.join(', ')}.`);
}

const metricNames = (all: readonly Read[], arm: string): string[] => [
  ...new Set(all.flatMap(({ scores }) => Object.keys(scores?.scores[arm] ?? {}))),
];

function comparedMetric(all: readonly Read[], arm: string, metric: string): ComparedMetric {
  const [first, ...others] = all;
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
    overFirst: others.map((other) =>
      whyUnpaired(first!, other) === undefined && isSameMetric(first!.config, other.config, metric)
        ? paired(first!, other, arm, metric)
        : null,
    ),
  };
}

/** Says why two runs' pictures do not belong together prompt by prompt. */
function whyUnpaired(first: Read, other: Read): string | undefined {
  if (!first.scores || !other.scores) return 'one of them has no evaluation yet';
  if (first.config.seed !== other.config.seed)
    return `their seeds are ${first.config.seed} and ${other.config.seed}, so their pictures start from other noise`;
  if (first.scores.samplesPerPrompt !== other.scores.samplesPerPrompt)
    return `they made ${first.scores.samplesPerPrompt} and ${other.scores.samplesPerPrompt} pictures of each prompt`;
  const ids = new Set(first.scores.prompts.map(({ id }) => id));
  if (other.scores.prompts.length !== ids.size || !other.scores.prompts.every(({ id }) => ids.has(id)))
    return 'their test prompts differ';
  return undefined;
}

/** Returns whether a metric of two runs is measured by the same model; those of the exact judge always are. */
function isSameMetric(first: Config, other: Config, metric: string): boolean {
  const judge = ({ rewards, heldOut }: Config): object | undefined => {
    const found = metric === HELD_OUT ? heldOut : rewards.find(({ name }) => name === metric);
    return found && { ...found, weight: 0 };
  };
  return isDeepStrictEqual(judge(first), judge(other));
}

function paired(first: Read, other: Read, arm: string, metric: string): Comparison | null {
  const byId = ({ scores }: Read): Map<string, number | null> =>
    new Map(scores!.prompts.map(({ id }, i) => [id, scores!.scores[arm]?.[metric]?.[i] ?? null]));
  const [before, after] = [byId(first), byId(other)];
  const values = [...before].flatMap(([id, value]) => {
    const own = after.get(id) ?? null;
    return value === null || own === null ? [] : [[own, value] as const];
  });
  if (values.length === 0) return null;
  return new Bootstraps(first.config.seed).compare(
    values.map(([own]) => own),
    values.map(([, value]) => value),
  );
}
