import { join } from 'node:path';
import { writeFileAtomic } from '../../common/files.ts';
import { Bootstraps } from '../../common/statistics.ts';
import { readBenchmark, type BenchmarkPrompt, type BenchmarkSpec } from '../../datasets/rules/benchmarks.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import { Arms } from '../arms/arms.ts';
import { readTuned } from '../arms/candidates.ts';
import type { BaselineInput } from '../arms/baseline-arms.ts';
import { armsOn, evaluatedArms, needsSecondUnet, type ArmsConfig } from '../arms/evaluated-arms.ts';
import { categoryLines } from '../comparison/categories.ts';
import { controlCurves, type ControlArm } from '../comparison/blend-control.ts';
import type { ArmScores, Experiment } from '../comparison/experiment.ts';
import { compareAll, known, listed } from '../comparison/compare-arms.ts';
import { SourceScorer } from '../comparison/source-scorer.ts';
import type { Item, Prompt } from '../pictures/picture-generator.ts';
import { type Picture, SWEEP, pictureFile, SCORES, COMPARISONS, CONTROL, PICTURES, benchmarkFile } from '../results.ts';
import { blendArm } from '../evaluation-names.ts';
import { firstPrompts, setUp, type JudgingConfig } from '../comparison/setup.ts';
import { readResult, writeResult } from '../../common/files/result-file.ts';

export interface EvaluateConfig extends JudgingConfig, ArmsConfig {
  /** Number of test prompts, and of pictures of each. */
  prompts: number;
  samplesPerPrompt: number;
  /** Number of prompts whose pictures are kept. */
  images: number;
  /** Weights of the final encoder on the control curve, besides 0 (the base) and 1 (the arm `tuned`). */
  blends: number[];
  /** Sets of prompts on which the same arms are compared. */
  benchmarks?: BenchmarkSpec[];
}

type EvaluateContext = StageContext<EvaluateConfig, 'shard' | 'tune-encoder' | 'sweep', 'tune-unet' | BaselineInput>;

/**
 * Compares base, tuned, blends, the chosen encoder and its exported files on test prompts, from the same start noise. Writes
 * scores.json, comparisons.json (each arm against the base, the exported files against the chosen encoder, both against the
 * champion), control.json (the curve of the blends), pictures.json and images/<arm>/NNNN.png; and the same scores on
 * each benchmark: benchmarks/<name>.json.
 */
export async function run(context: EvaluateContext): Promise<void> {
  const { config, inputs, seed, signal, output, scratch } = context;
  const { samplesPerPrompt } = config;
  const sweep = await readResult(SWEEP, inputs.sweep);
  const prompts = await firstPrompts(inputs.shard, 'test', config.prompts);
  const benchmarks: { spec: BenchmarkSpec; prompts: BenchmarkPrompt[] }[] = [];
  for (const spec of config.benchmarks ?? []) benchmarks.push({ spec, prompts: await readBenchmark(spec, scratch) });
  const tuned = await readTuned(inputs['tune-encoder'], inputs['tune-unet']);
  const withUnet = needsSecondUnet(config, inputs, tuned);
  const { pipeline, generator, judge } = await setUp(config, seed, prompts.length * samplesPerPrompt, withUnet);
  const sources = await evaluatedArms(config, inputs, new Arms(pipeline, generator), tuned, sweep);

  const compared = benchmarks.map(({ spec, prompts }) => ({ ...spec, prompts, sources: armsOn(spec, sources) }));
  const sets = [{ prompts, sources }, ...compared];
  const total = sets.reduce((sum, set) => sum + set.prompts.length * set.sources.length, 0) * samplesPerPrompt;
  const { progress } = context;
  const scorer = new SourceScorer({ generator, judge, samplesPerPrompt, signal, total, progress, scratch });
  const score = (set: (typeof sets)[number], name: string, keep?: Experiment['keep']): Promise<ArmScores> => {
    const { prompts, sources } = set;
    const original = generator.embed(pipeline.weights.textEncoder, prompts, config.model);
    const journal = `scores-${name}.jsonl`;
    return scorer.score({ prompts, original, sources, journal, ...(keep ? { keep } : {}) });
  };

  const shown = new ShownPictures(prompts.slice(0, config.images), output);
  const scores = await score(sets[0]!, 'test', shown);
  await writeResult(PICTURES, output, await shown.written());
  const bootstraps = new Bootstraps(seed);
  await writeResult(SCORES, output, { prompts, samplesPerPrompt, scores: listed(scores) });
  await writeResult(COMPARISONS, output, compareAll(scores, bootstraps));
  const control = [...new Set([...config.blends, 1])].map((weight): ControlArm => [weight, blendArm(weight)]);
  await writeResult(CONTROL, output, controlCurves(scores, control, bootstraps));
  for (const set of compared) {
    const { name, prompts } = set;
    const scores = await score(set, `benchmark-${name}`);
    await writeResult(benchmarkFile(name), output, {
      name,
      prompts,
      samplesPerPrompt,
      scores: listed(scores),
      comparisons: compareAll(scores, bootstraps),
      categories: categoryLines(prompts, scores, bootstraps),
    });
  }
}

/** The pictures of the first prompts, one of each arm, which are kept for the report. */
class ShownPictures implements NonNullable<Experiment['keep']> {
  readonly #output: string;
  readonly #pictures: Picture[];
  readonly #files: Promise<void>[] = [];

  constructor(prompts: readonly Prompt[], output: string) {
    this.#output = output;
    this.#pictures = prompts.map(({ prompt }) => ({ prompt, files: {}, scores: {} }));
  }

  which({ prompt, sample }: Item): boolean {
    return prompt < this.#pictures.length && sample === 0;
  }

  picture(arm: string, { prompt }: Item, png: Uint8Array, scores: Record<string, number>): void {
    const file = pictureFile(prompt, arm);
    const { files, scores: all } = this.#pictures[prompt]!;
    files[arm] = file;
    all[arm] = known(scores);
    this.#files.push(writeFileAtomic(join(this.#output, file), png));
  }

  /** Returns the pictures once their files are written. */
  async written(): Promise<Picture[]> {
    await Promise.all(this.#files);
    return this.#pictures;
  }
}
