import type { Stop, Results } from './paper-results.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '../../common/errors.ts';
import type { Transfer, BenchmarkResult, Scores, Sweep, Choice } from '../../evaluation/results.ts';
import type { PromptEngineering } from '../../evaluation/stages/prompt-engineering.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import type { Run } from '../../pipeline/runs/runs.ts';
import { verifiedFolders } from '../../api/runs/artifact-folders.ts';
import type { Variant } from './matrix.ts';

/** The scores of one run's benchmark, and the time that its stages took when they ran. */
export interface CollectedRun {
  variant: Variant;
  seed: number;
  /** Scores by arm, for the benchmark and each other UNet. */
  sets: { name: string; arms: Readonly<Record<string, string>>; scores: Scores['scores'] }[];
  prompts: number;
  samplesPerPrompt: number;
  /** The choice of validation prompts, by arm of the comparison. */
  chosen: Record<string, string>;
  /** Seconds and reward evaluations of the tuning stages. */
  tuning: { stage: string; seconds: number; rewardEvaluations: number }[];
}

const TUNING = ['tune-encoder', 'tune-unet', 'ddpo-encoder', 'ddpo-unet', 'direct'];

/** Reads the outcome of a run that the alarm should stop. @throws RunError when it failed for another reason */
export function stopOf(run: Run, variant: Variant, seed: number): Stop {
  if (run.status === 'completed') return { variant, seed, message: undefined };
  const error = run.stages.find(({ error }) => error?.name === 'CollapseError')?.error;
  if (!error) throw notCompleted(run);
  return { variant, seed, message: error.message };
}

/** Describes a choice in words. */
function choiceOf({ step, blend, unetStep }: Choice['chosen']): string {
  const parts = [
    ...(step > 0 ? [`encoder of step ${step} at ${blend}`] : []),
    ...(unetStep === undefined ? [] : [`UNet of step ${unetStep}`]),
  ];
  return parts.length > 0 ? parts.join(', ') : 'the original';
}

const notCompleted = ({ id, status }: Run) =>
  new RunError(
    `Run ${id} of the comparison is ${status}: textcraftor status ${id} shows why. Then start npm run paper again; it continues from there.`,
  );

/** Collects the scores of a run. @throws RunError when the run failed, or its artifacts are damaged */
export async function collect(home: Home, run: Run, variant: Variant, seed: number): Promise<CollectedRun> {
  if (run.status !== 'completed') throw notCompleted(run);
  const folders = await verifiedFolders(home, run, [...TUNING, 'sweep', 'evaluate', 'transfer', 'prompt-engineering']);
  const read = async <T>(...path: string[]) => JSON.parse(await readFile(join(...path), 'utf8')) as T;
  const folder = folders['evaluate'];
  if (folder === undefined) throw new RunError(`Run ${run.id} no longer has an evaluation; start npm run paper again.`);
  const tuning = await Promise.all(
    TUNING.filter((stage) => folders[stage] !== undefined).map(async (stage) => {
      const { rewardEvaluations = 0 } = await read<{ rewardEvaluations?: number }>(folders[stage]!, 'summary.json');
      const seconds = run.stages.find(({ name }) => name === stage)?.workSeconds ?? NaN;
      return { stage, seconds, rewardEvaluations };
    }),
  );
  const { chosen, exported, baselines = {} } = await read<Sweep>(folders['sweep']!, 'sweep.json');
  const rewriting = folders['prompt-engineering'];
  const phrases =
    rewriting === undefined ? [] : (await read<PromptEngineering>(rewriting, 'prompt-engineering.json')).chosen;
  const choices: [own: string, text: string][] = [
    ['chosen', choiceOf(chosen)],
    ['exported', choiceOf(exported.chosen)],
    ...Object.entries(baselines).map(([name, choice]): [string, string] => [name, choiceOf(choice.chosen)]),
    ['prompt-engineering', phrases.length > 0 ? phrases.join(', ') : 'no phrase'],
  ];
  const named = choices.flatMap(([own, text]) => (variant.arms[own] ? [[variant.arms[own], text] as const] : []));
  const { prompts, samplesPerPrompt, scores } = await read<BenchmarkResult>(folder, 'benchmarks', 'world.json');
  const others = variant.transfer ? await read<Transfer[]>(folders['transfer']!, 'transfer.json') : [];
  const transfer = others.map(({ unet, scores }) => {
    const name = variant.transfer![unet]!;
    return { name, arms: { base: name, chosen: `${name}, encoder`, exported: `${name}, encoder exported` }, scores };
  });
  return {
    variant,
    seed,
    tuning,
    samplesPerPrompt,
    prompts: prompts.length,
    chosen: Object.fromEntries(named),
    sets: [{ name: 'world', arms: variant.arms, scores }, ...transfer],
  };
}

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
