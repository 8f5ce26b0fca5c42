import { join } from 'node:path';
import { readResult, writeResult } from '../../common/files/result-file.ts';
import { writeFileAtomic } from '../../common/files.ts';
import { Bootstraps } from '../../common/statistics.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import { Arms } from '../arms/arms.ts';
import { StyleArms, styleEncoders } from '../styles/style-arms.ts';
import type { ControlArm } from '../comparison/blend-control.ts';
import { compareAll, listed } from '../comparison/compare-arms.ts';
import { runSources, type SourceExperiment } from '../comparison/run-sources.ts';
import { firstPrompts, setUp, type JudgingConfig } from '../comparison/setup.ts';
import { styleCurves, styleMix } from '../styles/style-curves.ts';
import { styleCells, styleGrid } from '../styles/style-grids.ts';
import { mixName, mixTerms } from '../evaluation-names.ts';
import { PictureGenerator, type Prompt } from '../pictures/picture-generator.ts';
import { pictureFile, SCORES, SWEEP } from '../results.ts';
import { STYLES } from '../styles/style-results.ts';

export interface StylesConfig extends JudgingConfig {
  /** Encoders (`tuned`, a folder or a file), each tuned to raise a metric. */
  encoders: { name: string; encoder: string; metric: string }[];
  /** Weights of each encoder's embeddings, with 0 and 1. */
  weights: number[];
  /** Weights by the encoders' names. */
  mixes: Record<string, number>[];
  /** Number of test prompts, and of pictures of each. */
  prompts: number;
  samplesPerPrompt: number;
  /** Pictures of each two encoders: number of prompts, and of weights both ways. */
  grid?: { prompts: number; steps: number } | undefined;
}

type StylesContext = StageContext<StylesConfig, 'shard' | 'tune-encoder' | 'sweep'>;

/**
 * Blends and mixes encoders over the original one, on test prompts and from the same start noise. Writes styles.json (curves
 * over the weight of each encoder, and mixes), scores.json, and images/<mix>/NNNN.png for the grids. Trains and
 * chooses nothing.
 */
export async function run(context: StylesContext): Promise<void> {
  const { config, inputs, seed, signal, output, scratch, progress } = context;
  const { samplesPerPrompt } = config;
  const encoders = await styleEncoders(config.encoders, inputs['tune-encoder'], await readResult(SWEEP, inputs.sweep));
  const { curves, mixes, cells, all, inGrids } = mixesOf(config);
  const prompts = await firstPrompts(inputs.shard, 'test', config.prompts);
  const shown = prompts.slice(0, config.grid?.prompts ?? 0);
  const pictures = prompts.length * samplesPerPrompt;
  const { pipeline, judge, generator } = await setUp(config, seed, pictures);
  const embed = (by: PictureGenerator, of: readonly Prompt[]) =>
    by.embed(pipeline.weights.textEncoder, of, config.model);

  const sources = new StyleArms(new Arms(pipeline, generator), encoders).sources(all);
  const total = sources.length * pictures + inGrids * shown.length;
  const tell = (step: number) => progress({ step, total, message: `${step} of ${total} pictures` });
  const scores = await runSources({
    ...{ generator, judge, prompts, samplesPerPrompt, sources, signal, progress: tell },
    original: embed(generator, prompts),
    journal: join(scratch, 'scores.jsonl'),
  });
  generator.dispose();
  if (shown.length > 0) {
    // Batches of its own, since there are only a few prompts.
    const small = new PictureGenerator(pipeline, config.sampler, seed, shown.length);
    await makeGrids(output, {
      ...{ generator: small, judge, prompts: shown, samplesPerPrompt: 1, signal },
      original: embed(small, shown),
      sources: new StyleArms(new Arms(pipeline, small), encoders).sources(cells.flatMap(({ rows }) => rows.flat())),
      progress: (done) => tell(sources.length * pictures + done),
      journal: join(scratch, 'grids.jsonl'),
    });
    small.dispose();
  }
  await writeResult(SCORES, output, { prompts, samplesPerPrompt, scores: listed(scores) });
  const bootstraps = new Bootstraps(seed);
  await writeResult(STYLES, output, {
    prompts: prompts.length,
    samplesPerPrompt,
    encoders: encoders.map(({ name, metric, own }, i) => ({
      ...{ name, metric, ...(own ? { own } : {}) },
      curves: styleCurves(scores, curves[i]!, bootstraps),
      alone: compareAll({ base: scores['base']!, [alone(name)]: scores[alone(name)]! }, bootstraps),
    })),
    mixes: mixes.map((mix) => styleMix(scores, mixName(mix), bootstraps)),
    grids: cells.map((each) => styleGrid(each, shown)),
  });
}

/** The arm of an encoder alone. */
const alone = (name: string): string => mixName([[name, 1]]);

/** Lists the mixes to picture: on all prompts, and in the grids; and the arms of each encoder's curve. */
function mixesOf({ encoders, weights, mixes: configured, grid }: StylesConfig) {
  const names = encoders.map(({ name }) => name);
  const ascending = weights.toSorted((a, b) => a - b);
  const mixes = configured.map((mix) => mixTerms(names, mix));
  const cells = grid ? styleCells(names, grid.steps) : [];
  const inGrids = new Set(cells.flatMap(({ rows }) => rows.flat().map(mixName))).size;
  const single = (name: string, weight: number): [string, number][] => [[name, weight]];
  return {
    curves: names.map((name) => ascending.map((weight): ControlArm => [weight, mixName(single(name, weight))])),
    mixes,
    all: [...names.flatMap((name) => ascending.map((weight) => single(name, weight))), ...mixes],
    cells,
    inGrids,
  };
}

/** Makes the pictures of the grids' cells, each mix once. */
async function makeGrids(output: string, experiment: Omit<SourceExperiment, 'keep'>): Promise<void> {
  const files: Promise<void>[] = [];
  try {
    await runSources({
      ...experiment,
      keep: {
        which: () => true,
        picture(arm, { prompt }, png) {
          files.push(writeFileAtomic(join(output, pictureFile(prompt, arm)), png));
        },
      },
    });
  } finally {
    await Promise.allSettled(files); // nothing is written after a cancellation
  }
  await Promise.all(files);
}
