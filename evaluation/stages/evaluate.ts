import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, writeFileAtomic } from '../../common/files.ts';
import { Bootstraps } from '../../common/statistics.ts';
import { readBenchmark, type BenchmarkPrompt, type BenchmarkSpec } from '../../datasets/rules/benchmarks.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import { CHAMPION, CHAMPION_EXPORTED, CHOSEN, EXPORTED } from '../arms/arm-names.ts';
import { Arms, base, requireOwnNames, type ArmSource, type ArmSpec } from '../arms/arms.ts';
import { readTuned } from '../arms/candidates.ts';
import { baselineArms, type BaselineInput } from '../arms/baseline-arms.ts';
import { categoryLines } from '../comparison/categories.ts';
import { pairs } from '../comparison/choice.ts';
import { controlCurves, type ControlArm } from '../comparison/blend-control.ts';
import { runExperiment, type ArmScores } from '../comparison/experiment.ts';
import { exportedArm } from '../arms/exported-arm.ts';
import { ExperimentJournal } from '../comparison/picture-journal.ts';
import type { Picture, BenchmarkResult, Scores, Sweep, NamedComparison } from '../results.ts';
import { blendArm } from '../evaluation-names.ts';
import { firstPrompts, setUp, type JudgingConfig } from '../comparison/setup.ts';
import { armsWithUnet, chosenArm, PAIRS } from '../arms/unet-arms.ts';

export interface EvaluateConfig extends JudgingConfig {
  /** Number of test prompts, and of pictures of each. */
  prompts: number;
  samplesPerPrompt: number;
  /** Number of prompts whose pictures are kept. */
  images: number;
  /** Weights of the final encoder on the control curve, besides 0 (the base) and 1 (the arm `tuned`). */
  blends: number[];
  /** Additional arms: mixes of encoders, another encoder. */
  arms?: ArmSpec[] | undefined;
  /** Sets of prompts on which the same arms are compared. */
  benchmarks?: BenchmarkSpec[];
  /**
   * The UNet was tuned with the original encoder, so it is combined with the tuned one without retraining.
   */
  fusion?: boolean;
  /**
   * The champion to compare with: an encoder (folder or safetensors file) and a UNet, the weight of the encoder's
   * embeddings, and the champion's export, used in all steps.
   */
  champion?: { encoder: string; unet?: string | undefined; blend: number; exported?: string | undefined };
}

/**
 * Compares base, tuned, blends, the chosen encoder and its export on test prompts, from the same start noise. Writes
 * scores.json, comparisons.json (each arm against the base, the export against the chosen encoder, both against the
 * champion), control.json (the curve of the blends), pictures.json and images/<arm>/NNNN.png; and the same scores on
 * each benchmark: benchmarks/<name>.json.
 */
export async function run(
  context: StageContext<EvaluateConfig, 'shard' | 'tune-encoder' | 'sweep', 'tune-unet' | BaselineInput>,
): Promise<void> {
  const { config, inputs, seed, signal, output, scratch } = context;
  const { samplesPerPrompt } = config;
  const sweep = JSON.parse(await readFile(join(inputs.sweep, 'sweep.json'), 'utf8')) as Sweep;
  const prompts = await firstPrompts(inputs.shard, 'test', config.prompts);
  const benchmarks: { name: string; prompts: BenchmarkPrompt[] }[] = [];
  for (const spec of config.benchmarks ?? [])
    benchmarks.push({ name: spec.name, prompts: await readBenchmark(spec, scratch) });
  const tuned = await readTuned(inputs['tune-encoder'], inputs['tune-unet']);
  const { champion } = config;
  const withUnet = tuned.unets.length > 0 || (champion?.unet ?? inputs['ddpo-unet']) !== undefined;
  const { pipeline, generator, judge } = await setUp(config, seed, prompts.length * samplesPerPrompt, withUnet);

  const { encoders } = tuned;
  const final = encoders.at(-1)!.path;
  const arms = new Arms(pipeline, generator);
  const unetArms = armsWithUnet(arms, tuned, config.fusion ?? false);
  const sources: ArmSource[] = [
    base,
    ...config.blends.filter((weight) => weight !== 1).map((weight) => arms.blend(blendArm(weight), final, weight)),
    arms.blend('tuned', final, 1),
    // Step 0 is the original encoder: nothing better was found.
    chosenArm(arms, tuned, sweep.chosen),
    exportedArm(arms, inputs.sweep, tuned, sweep),
    ...unetArms,
    ...(await baselineArms(arms, inputs, sweep)),
    ...(champion ? championArms(arms, champion) : []),
    ...(config.arms ?? []).map((spec) => arms.mix(spec)),
  ];
  requireOwnNames(sources);

  const sets = [prompts, ...benchmarks.map((benchmark) => benchmark.prompts)];
  const total = sets.reduce((sum, { length }) => sum + length, 0) * samplesPerPrompt * sources.length;
  let before = 0;
  const score = async (
    set: readonly { id: string; prompt: string }[],
    name: string,
    keep?: Parameters<typeof runExperiment>[0]['keep'],
  ): Promise<ArmScores> => {
    const original = generator.embed(pipeline.weights.textEncoder, set, config.model);
    const own = await Promise.all(sources.map((source) => source.of({ prompts: set, original })));
    const scores = await runExperiment({
      generator,
      judge,
      prompts: set,
      samplesPerPrompt,
      original,
      arms: own,
      signal,
      progress: (done) =>
        context.progress({ step: before + done, total, message: `${before + done} of ${total} pictures` }),
      journal: await ExperimentJournal.open(join(scratch, `scores-${name}.jsonl`)),
      ...(keep ? { keep } : {}),
    });
    before += set.length * samplesPerPrompt * sources.length;
    return scores;
  };

  const files: Promise<void>[] = [];
  const pictures: Picture[] = prompts.slice(0, config.images).map(({ prompt }) => ({ prompt, files: {}, scores: {} }));
  const scores = await score(prompts, 'test', {
    which: ({ prompt, sample }) => prompt < config.images && sample === 0,
    picture(arm, { prompt }, png, own) {
      const file = `images/${arm}/${String(prompt).padStart(4, '0')}.png`;
      pictures[prompt]!.files[arm] = file;
      pictures[prompt]!.scores[arm] = known(own);
      files.push(writeFileAtomic(join(output, file), png));
    },
  });
  await Promise.all(files);
  const bootstraps = new Bootstraps(seed);
  const write = (name: string, value: unknown) => writeFileAtomic(join(output, name), `${canonicalJson(value)}\n`);
  await write('scores.json', { prompts, samplesPerPrompt, scores: listed(scores) } satisfies Scores);
  await write('comparisons.json', compareAll(scores, bootstraps));
  const control = [...new Set([...config.blends, 1])].map((weight): ControlArm => [weight, blendArm(weight)]);
  await write('control.json', controlCurves(scores, control, bootstraps));
  await write('pictures.json', pictures);
  for (const { name, prompts } of benchmarks) {
    const scores = await score(prompts, `benchmark-${name}`);
    await write(`benchmarks/${name}.json`, {
      name,
      prompts,
      samplesPerPrompt,
      scores: listed(scores),
      comparisons: compareAll(scores, bootstraps),
      categories: categoryLines(prompts, scores, bootstraps),
    } satisfies BenchmarkResult);
  }
}

function championArms(arms: Arms, champion: NonNullable<EvaluateConfig['champion']>): ArmSource[] {
  const { encoder, blend, unet, exported } = champion;
  const evaluated = arms.tuned(CHAMPION, encoder, blend, unet);
  return exported === undefined ? [evaluated] : [evaluated, arms.inPlace(CHAMPION_EXPORTED, exported, unet)];
}

/**
 * Compares every arm with the base on every metric, arms with a tuned UNet with the tuned encoder alone, the export
 * with the chosen encoder, and each of these two with the champion if there is one.
 */
export function compareAll(scores: ArmScores, bootstraps: Bootstraps): NamedComparison[] {
  const arms = Object.keys(scores).filter((arm) => arm !== 'base');
  const rivals: [arm: string, against: string][] = arms.map((arm) => [arm, 'base']);
  for (const arm of PAIRS) if (scores[arm]) rivals.push([arm, 'tuned']);
  if (scores[EXPORTED]) rivals.push([EXPORTED, CHOSEN]);
  if (scores[CHAMPION]) rivals.push([CHOSEN, CHAMPION]);
  if (scores[CHAMPION_EXPORTED]) rivals.push([EXPORTED, CHAMPION_EXPORTED]);
  return Object.keys(scores['base']!).flatMap((metric) =>
    rivals.map(([arm, against]) => ({
      metric,
      arm,
      against,
      ...bootstraps.compare(...pairs(scores, arm, against, metric)),
    })),
  );
}

/** JSON has no NaN: unknown values are left out of a record, and are null in a list. */
const known = (scores: Record<string, number>) =>
  Object.fromEntries(Object.entries(scores).filter(([, value]) => !Number.isNaN(value)));
export const listed = (scores: ArmScores): Scores['scores'] =>
  Object.fromEntries(
    Object.entries(scores).map(([arm, metrics]) => [
      arm,
      Object.fromEntries(
        Object.entries(metrics).map(([metric, values]) => [
          metric,
          Array.from(values, (v) => (Number.isNaN(v) ? null : v)),
        ]),
      ),
    ]),
  );
