import { join } from 'node:path';
import type { Variant } from '../../evaluation/paper/matrix.ts';
import type { CollectedRun, Stop } from '../../evaluation/paper/paper-results.ts';
import { RunError } from '../../common/errors.ts';
import { type Choice, PICTURES, SWEEP, PROMPT_ENGINEERING, benchmarkFile, TRANSFER } from '../../evaluation/results.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import type { Run } from '../../pipeline/runs/runs.ts';
import { verifiedFolders } from '../runs/artifact-folders.ts';
import { type ResultFile, readResult } from '../../common/files/result-file.ts';
import { TUNING_SUMMARY_FILE } from '../../training/training-names.ts';

const TUNING_SUMMARY: ResultFile<{ rewardEvaluations?: number }> = { name: TUNING_SUMMARY_FILE };

const TUNING = ['tune-encoder', 'tune-unet', 'ddpo-encoder', 'ddpo-unet', 'direct'];

/**
 * Reads the outcome of a run that the alarm should stop.
 * @throws RunError when it failed for another reason
 * @example
 * ```ts
 * import { stopOf } from './api/paper/collect.ts';
 * import { quickBudget, variants } from './evaluation/paper/matrix.ts';
 * import { Home } from './pipeline/runs/home.ts';
 * import { RunRecords } from './pipeline/runs/runs.ts';
 *
 * const run = await new RunRecords(new Home('.textcraftor')).read('paper-no-clip-constraint-1');
 * const variant = variants(quickBudget, 'gallery').find(({ collapses }) => collapses)!;
 * console.log(stopOf(run, variant, 1).message);
 * ```
 */
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

/**
 * Collects the scores of a run of the comparison.
 * @throws RunError when the run failed, or its artifacts are damaged
 * @example
 * ```ts
 * import { collect } from './api/paper/collect.ts';
 * import { quickBudget, variants } from './evaluation/paper/matrix.ts';
 * import { Home } from './pipeline/runs/home.ts';
 * import { RunRecords } from './pipeline/runs/runs.ts';
 *
 * const home = new Home('.textcraftor');
 * const run = await new RunRecords(home).read('paper-encoder-1');
 * const { chosen } = await collect(home, run, variants(quickBudget, 'gallery')[0]!, 1);
 * console.log(chosen['encoder']); // the chosen step and blend
 * ```
 */
export async function collect(home: Home, run: Run, variant: Variant, seed: number): Promise<CollectedRun> {
  if (run.status !== 'completed') throw notCompleted(run);
  const folders = await verifiedFolders(home, run, [...TUNING, 'sweep', 'evaluate', 'transfer', 'prompt-engineering']);
  const folder = folders['evaluate'];
  if (folder === undefined) throw new RunError(`Run ${run.id} no longer has an evaluation; start npm run paper again.`);
  const tuning = await Promise.all(
    TUNING.filter((stage) => folders[stage] !== undefined).map(async (stage) => {
      const { rewardEvaluations = 0 } = await readResult(TUNING_SUMMARY, folders[stage]!);
      const seconds = run.stages.find(({ name }) => name === stage)?.workSeconds ?? NaN;
      return { stage, seconds, rewardEvaluations };
    }),
  );
  const { chosen, exported, baselines = {} } = await readResult(SWEEP, folders['sweep']!);
  const rewriting = folders['prompt-engineering'];
  const phrases = rewriting === undefined ? [] : (await readResult(PROMPT_ENGINEERING, rewriting)).chosen;
  const choices: [own: string, text: string][] = [
    ['chosen', choiceOf(chosen)],
    ['exported', choiceOf(exported.chosen)],
    ...Object.entries(baselines).map(([name, choice]): [string, string] => [name, choiceOf(choice.chosen)]),
    ['prompt-engineering', phrases.length > 0 ? phrases.join(', ') : 'no phrase'],
  ];
  const named = choices.flatMap(([own, text]) => (variant.arms[own] ? [[variant.arms[own], text] as const] : []));
  const pictures = (await readResult(PICTURES, folder)).map(({ prompt, files }) => ({
    prompt,
    files: Object.fromEntries(
      Object.entries(variant.arms).flatMap(([own, name]) => (files[own] ? [[name, join(folder, files[own])]] : [])),
    ),
  }));
  const { prompts, samplesPerPrompt, scores } = await readResult(benchmarkFile('world'), folder);
  const others = variant.transfer ? await readResult(TRANSFER, folders['transfer']!) : [];
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
    rephrased: prompts.map(({ groups }) => groups['challenge'] === 'rephrased'),
    chosen: Object.fromEntries(named),
    pictures,
    sets: [{ name: 'world', arms: variant.arms, scores }, ...transfer],
  };
}
