import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, writeFileAtomic } from '../../common/files.ts';
import { encodePng } from '../../common/png.ts';
import { loadTextEncoder } from '../../models/pipeline.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import { pairs } from '../choice.ts';
import { runExperiment, type ArmScores } from '../experiment.ts';
import type { Arm, Embeddings } from '../generator.ts';
import type { NamedComparison, Picture, Scores, Sweep } from '../report/data.ts';
import { firstPrompts, setUp, tunedEncoders, type JudgingConfig } from '../setup.ts';
import { Bootstrap, compare } from '../../common/statistics.ts';

export interface EvaluateConfig extends JudgingConfig {
  /** How many test prompts, and pictures of each. */
  prompts: number;
  samplesPerPrompt: number;
  /** Of how many prompts the pictures are kept. */
  images: number;
  /** An encoder (folder or safetensors file) to compare the chosen one with, and the weight of its embeddings. */
  champion?: { encoder: string; blend: number };
}

/** Blends of the final encoder that are compared, besides the whole of it. */
const BLENDS = [0.25, 0.5, 0.75];
/** The arm of the version in production. */
const CHAMPION = 'champion';

/**
 * Base, tuned, blends and the chosen encoder on test prompts, from the same start noise: scores.json, comparisons.json
 * (each arm against the base, and the chosen one against the champion), pictures.json and images/<arm>/NNNN.png.
 */
export async function run(context: StageContext<EvaluateConfig, 'shard' | 'tune-encoder' | 'sweep'>): Promise<void> {
  const { config, inputs, seed, signal, output } = context;
  const { chosen } = JSON.parse(await readFile(join(inputs.sweep, 'sweep.json'), 'utf8')) as Sweep;
  const prompts = await firstPrompts(inputs.shard, 'test', config.prompts);
  const { pipeline, generator, judge } = await setUp(config, seed, prompts.length * config.samplesPerPrompt);

  const original = generator.embed(pipeline.weights.textEncoder, prompts, config.model);
  const encoders = await tunedEncoders(inputs['tune-encoder']);
  const embed = async (path: string) => generator.embed(await loadTextEncoder(path), prompts, path);
  const final = await embed(encoders.at(-1)!.path);
  const chosenPath = encoders.find(({ step }) => step === chosen.step)?.path;
  const blended = (name: string, tuned: Embeddings, weight: number): Arm => ({
    name,
    terms: [{ embeddings: tuned, weight }, { embeddings: original, weight: 1 - weight }], // prettier-ignore
  });
  const arms = [
    { name: 'base', terms: [{ embeddings: original, weight: 1 }] },
    ...BLENDS.map((weight) => blended(`blend-${weight.toFixed(2)}`, final, weight)),
    blended('tuned', final, 1),
    // Step 0 is the original encoder: nothing better was found.
    blended('chosen', chosenPath ? await embed(chosenPath) : original, chosen.blend),
    ...(config.champion ? [blended(CHAMPION, await embed(config.champion.encoder), config.champion.blend)] : []),
  ];

  const files: Promise<void>[] = [];
  const pictures: Picture[] = prompts.slice(0, config.images).map(({ prompt }) => ({ prompt, files: {}, scores: {} }));
  const { samplesPerPrompt } = config;
  const scores = await runExperiment({
    ...{ generator, judge, prompts, samplesPerPrompt, original, arms, signal },
    progress: (step, total) => context.progress({ step, total, message: `${step} of ${total} pictures` }),
    onPicture(arm, { prompt, sample }, pixels, own) {
      const picture = pictures[prompt];
      if (!picture || sample > 0) return;
      const file = `images/${arm}/${String(prompt).padStart(4, '0')}.png`;
      picture.files[arm] = file;
      picture.scores[arm] = known(own);
      files.push(writeFileAtomic(join(output, file), encodePng(pixels, generator.size, generator.size)));
    },
  });
  await Promise.all(files);
  const write = (name: string, value: unknown) => writeFileAtomic(join(output, name), `${canonicalJson(value)}\n`);
  await write('scores.json', { prompts, samplesPerPrompt, scores: listed(scores) } satisfies Scores);
  await write('comparisons.json', compareAll(scores, seed));
  await write('pictures.json', pictures);
}

/** Every arm against the base on every metric, and the chosen one against the champion where there is one. */
export function compareAll(scores: ArmScores, seed: number): NamedComparison[] {
  const bootstraps = new Map<number, Bootstrap>();
  const arms = Object.keys(scores).filter((arm) => arm !== 'base');
  const rivals: [arm: string, against: string][] = arms.map((arm) => [arm, 'base']);
  if (scores[CHAMPION]) rivals.push(['chosen', CHAMPION]);
  return Object.keys(scores['base']!).flatMap((metric) =>
    rivals.map(([arm, against]) => {
      const [own, other] = pairs(scores, arm, against, metric);
      const bootstrap = bootstraps.get(own.length) ?? new Bootstrap(seed, own.length);
      bootstraps.set(own.length, bootstrap);
      return { metric, arm, against, ...compare(own, other, bootstrap) };
    }),
  );
}

/** JSON has no NaN: what is not known is left out of a record, and is null in a list. */
const known = (scores: Record<string, number>) =>
  Object.fromEntries(Object.entries(scores).filter(([, value]) => !Number.isNaN(value)));
const listed = (scores: ArmScores): Scores['scores'] =>
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
