import { setImmediate } from 'node:timers/promises';
import { CancelledError } from '../../common/errors.ts';
import { encodePng } from '../../common/pictures/png.ts';
import { meanPerPrompt } from '../../common/statistics.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { meanPairwiseDistance } from '../../rewards/diversity.ts';
import type { Arm, Embeddings, Item, PictureGenerator, Prompt } from '../pictures/picture-generator.ts';
import type { Judge, PictureScores } from './judge-pictures.ts';
import type { ExperimentJournal, Part } from './picture-journal.ts';
import { DIVERSITY } from './metrics.ts';

export interface Experiment {
  generator: PictureGenerator;
  judge: Judge;
  prompts: readonly Prompt[];
  samplesPerPrompt: number;
  /** The original encoder's embeddings of the prompts. */
  original: Embeddings;
  arms: readonly Arm[];
  signal: AbortSignal;
  /** Called with the number of pictures done, over all arms. */
  progress(done: number, total: number): void;
  /** Pictures to keep. */
  keep?: {
    which(item: Item): boolean;
    /** @param png the file's bytes */
    picture(arm: string, item: Item, png: Uint8Array, scores: Record<string, number>): void;
  };
  /** Results of earlier attempts at the same experiment, to which this one adds its own. */
  journal?: ExperimentJournal;
}

/** A mean over the samples of each prompt, by arm and metric. */
export type ArmScores = Record<string, Record<string, Float64Array>>;

/** Makes the same pictures (prompts and start noise) under every arm and scores them. */
export async function runExperiment(experiment: Experiment): Promise<ArmScores> {
  const { generator, judge, prompts, samplesPerPrompt, original, arms, signal, progress, keep, journal } = experiment;
  const items = prompts.flatMap((_, prompt) =>
    Array.from({ length: samplesPerPrompt }, (_, sample) => ({ prompt, sample })),
  );
  const base: Arm = { name: 'base', terms: [{ embeddings: original, weight: 1 }] };
  const collected = new Map(arms.map(({ name }) => [name, new Collected(items.length, judge.embeddingWidth)]));
  let done = 0;
  for (let first = 0; first < items.length; first += generator.batch) {
    const batch = items.slice(first, first + generator.batch);
    const texts = batch.map(({ prompt }) => prompts[prompt]!.prompt);
    const found = journal !== undefined && arms.every(({ name }) => journal.has(name, first));
    const features = found ? {} : judge.promptFeatures(texts);
    // Made for the first arm that begins with them.
    let shared: Tensor | undefined;
    const make = (arm: Arm): Part => {
      const latents = arm.fromStart
        ? generator.firstSteps(prompts, batch, arm)
        : (shared ??= generator.firstSteps(prompts, batch, base));
      const pictures = generator.lastSteps(latents, batch, arm, arm.fromStart ? arm : base);
      if (latents !== shared) latents.dispose();
      const size = pictures.length / batch.length;
      const kept = batch.flatMap((item, i) => (keep?.which(item) ? [i] : []));
      const png = (i: number) => encodePng(pictures.subarray(i * size, (i + 1) * size), generator.size, generator.size);
      return { ...judge.score(pictures, texts, features), files: Object.fromEntries(kept.map((i) => [i, png(i)])) };
    };
    for (const arm of arms) {
      await setImmediate(); // sends progress and notices a cancellation between batches
      if (signal.aborted) throw new CancelledError('The evaluation was cancelled.');
      const known = journal?.take(arm.name, first);
      const part = known ?? make(arm);
      if (!known) await journal?.add(arm.name, first, part);
      const { scores, embeddings, files } = part;
      collected.get(arm.name)!.add(first, scores, embeddings);
      for (const [i, png] of Object.entries(files)) {
        const own = Object.fromEntries(Object.entries(scores).map(([metric, values]) => [metric, values[Number(i)]!]));
        keep!.picture(arm.name, batch[Number(i)]!, png, own);
      }
      progress((done += batch.length), items.length * arms.length);
    }
    tf.dispose([...(shared ? [shared] : []), ...Object.values(features)]);
  }
  return Object.fromEntries([...collected].map(([arm, own]) => [arm, own.perPrompt(samplesPerPrompt)]));
}

/** One arm's scores and embeddings, picture by picture. */
class Collected {
  readonly #pictures: number;
  readonly #width: number;
  readonly #scores: PictureScores = {};
  readonly #embeddings: Float32Array;

  /** @param width width of the embeddings */
  constructor(pictures: number, width: number) {
    this.#pictures = pictures;
    this.#width = width;
    this.#embeddings = new Float32Array(pictures * width);
  }

  add(first: number, scores: PictureScores, embeddings: Float32Array): void {
    for (const [metric, values] of Object.entries(scores))
      (this.#scores[metric] ??= new Float64Array(this.#pictures)).set(values, first);
    this.#embeddings.set(embeddings, first * this.#width);
  }

  /**
   * Averages over the samples of each prompt, and measures how much they differ; leaves out metrics that no picture
   * has.
   */
  perPrompt(samples: number): Record<string, Float64Array> {
    const known = Object.entries(this.#scores).filter(([, values]) => values.some((value) => !Number.isNaN(value)));
    const means = known.map(([metric, values]) => [metric, meanPerPrompt(values, samples)] as const);
    return { ...Object.fromEntries(means), ...(samples > 1 && this.#width > 0 ? this.#diversity(samples) : {}) };
  }

  #diversity(samples: number): Record<string, Float64Array> {
    const size = samples * this.#width;
    const distances = Float64Array.from({ length: this.#pictures / samples }, (_, i) =>
      meanPairwiseDistance(this.#embeddings.subarray(i * size, (i + 1) * size), this.#width),
    );
    return { [DIVERSITY]: distances };
  }
}
