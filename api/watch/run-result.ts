import { InputError } from '../../common/errors.ts';
import { readResult } from '../../common/files/result-file.ts';
import { standardDeviation } from '../../common/statistics.ts';
import { HELD_OUT, ORACLE } from '../../evaluation/evaluation-names.ts';
import { CHOSEN } from '../../evaluation/arms/arm-names.ts';
import { COMPARISONS, PICTURES, SCORES, type NamedComparison, type Scores } from '../../evaluation/results.ts';
import type { Config } from '../../pipeline/config/config.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { verifiedFolders } from '../runs/artifact-folders.ts';

/** What tuning did to one test prompt. */
export interface PromptResult {
  prompt: string;
  /** Number of its kept pictures, from 0; absent when none were kept. */
  picture?: number;
  /** Mean gain of the trained rewards over the base, in standard deviations of the base's scores. */
  gain: number;
  /** The same of what was not trained on; null for a prompt that the judge says nothing of. */
  judged: number | null;
}

/** An arm of a run against its base. */
export interface RunResult {
  run: string;
  arm: string;
  /** All arms but the base. */
  arms: string[];
  trained: string[];
  /** What was not trained on, by which gains are judged: the exact judge, else the held-out reward. */
  judge?: string;
  comparisons: NamedComparison[];
  prompts: PromptResult[];
}

/**
 * Reads what an arm of a run's evaluation gained on each test prompt, by the trained rewards and by what was not trained
 * on. A prompt on which the first rise while the second falls is where rewards are gamed.
 * @param name its id, or `latest`
 * @param arm `chosen` when it is not said
 * @returns undefined before the evaluation is done
 * @throws InputError when there is no such run or arm, RunError when the evaluation is damaged
 * @example
 * ```ts
 * import { runResult } from './api/watch/run-result.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const result = await runResult(new Home('.textcraftor'), 'latest');
 * const gamed = result?.prompts.filter(({ gain, judged }) => gain > 0 && (judged ?? 0) < 0);
 * console.log(gamed?.map(({ prompt }) => prompt));
 * ```
 */
export async function runResult(home: Home, name: string, arm: string = CHOSEN): Promise<RunResult | undefined> {
  const records = new RunRecords(home);
  const run = await records.read(name);
  const { evaluate: folder } = await verifiedFolders(home, run, ['evaluate']);
  if (folder === undefined) return undefined;
  const [scores, comparisons, pictures] = await Promise.all([
    readResult(SCORES, folder),
    readResult(COMPARISONS, folder),
    readResult(PICTURES, folder),
  ]);
  const arms = Object.keys(scores.scores).filter((each) => each !== 'base');
  if (!arms.includes(arm)) throw new InputError(`Run ${run.id} has no arm "${arm}"; its arms are ${arms.join(', ')}.`);
  const { rewards = [] } = (await records.config(run.id)) as Partial<Config>;
  const trained = rewards.map((reward) => reward.name);
  const judge = [ORACLE, HELD_OUT].find((metric) => scores.scores[arm]![metric] && scores.scores['base']![metric]);
  const gains = trained.map((metric) => standardized(scores, arm, metric)).filter((each) => each !== undefined);
  const judged = judge === undefined ? undefined : standardized(scores, arm, judge);
  return {
    run: run.id,
    arm,
    arms,
    trained,
    ...(judge === undefined ? {} : { judge }),
    comparisons: comparisons.filter((each) => each.arm === arm && each.against === 'base'),
    prompts: scores.prompts.map(({ prompt }, i) => ({
      prompt,
      ...(pictures[i]?.prompt === prompt ? { picture: i } : {}),
      gain: gains.reduce((sum, each) => sum + (each[i] ?? 0), 0) / Math.max(1, gains.length),
      judged: judged?.[i] ?? null,
    })),
  };
}

/** Differences from the base on each prompt, in standard deviations of the base's scores. */
function standardized({ scores }: Scores, arm: string, metric: string): (number | null)[] | undefined {
  const [base, own] = [scores['base']?.[metric], scores[arm]?.[metric]];
  if (!base || !own) return undefined;
  const known = base.filter((value) => value !== null);
  const deviation = (known.length > 1 && standardDeviation(known)) || 1;
  return own.map((value, i) => {
    const before = base[i];
    return value === null || before === null || before === undefined ? null : (value - before) / deviation;
  });
}
