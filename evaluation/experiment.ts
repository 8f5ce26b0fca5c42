import { setImmediate } from 'node:timers/promises';
import { CancelledError } from '../common/errors.ts';
import { tf } from '../engine/tensorflow.ts';
import type { Arm, Embeddings, Item, PictureGenerator, Prompt } from './generator.ts';
import type { Judge, PictureScores } from './judge.ts';
import { meanPerPrompt } from '../common/statistics.ts';

export interface Experiment {
  generator: PictureGenerator;
  judge: Judge;
  prompts: readonly Prompt[];
  samplesPerPrompt: number;
  /** The original encoder's embeddings of the prompts. */
  original: Embeddings;
  arms: readonly Arm[];
  signal: AbortSignal;
  /** Called with the number of pictures that are done, of all arms together. */
  progress(done: number, total: number): void;
  /** Called with each picture of each arm and its scores. pixels: [H, W, 3] in [0, 1] */
  onPicture?(arm: string, item: Item, pixels: Float32Array, scores: Record<string, number>): void;
}

/** By arm and metric: a mean over the samples of each prompt. */
export type ArmScores = Record<string, Record<string, Float64Array>>;

/** Makes the same pictures (prompts and start noise) under every arm and scores them. */
export async function runExperiment(experiment: Experiment): Promise<ArmScores> {
  const { generator, judge, prompts, samplesPerPrompt, original, arms, signal, progress, onPicture } = experiment;
  const items = prompts.flatMap((_, prompt) =>
    Array.from({ length: samplesPerPrompt }, (_, sample) => ({ prompt, sample })),
  );
  const collected: Record<string, PictureScores> = Object.fromEntries(arms.map(({ name }) => [name, {}]));
  let done = 0;
  for (let first = 0; first < items.length; first += generator.batch) {
    const batch = items.slice(first, first + generator.batch);
    const texts = batch.map(({ prompt }) => prompts[prompt]!.prompt);
    const features = judge.promptFeatures(texts);
    const latents = generator.firstSteps(prompts, batch, original);
    for (const arm of arms) {
      await setImmediate(); // progress is sent and a cancellation is heard between batches
      if (signal.aborted) throw new CancelledError('The evaluation was cancelled.');
      const pictures = generator.lastSteps(latents, batch, arm);
      const scores = judge.score(pictures, texts, features);
      const pixels = pictures.length / batch.length;
      batch.forEach((item, i) => {
        const own = Object.fromEntries(Object.entries(scores).map(([metric, values]) => [metric, values[i]!]));
        onPicture?.(arm.name, item, pictures.subarray(i * pixels, (i + 1) * pixels), own);
        for (const [metric, value] of Object.entries(own))
          (collected[arm.name]![metric] ??= new Float64Array(items.length))[first + i] = value;
      });
      progress((done += batch.length), items.length * arms.length);
    }
    tf.dispose([latents, ...Object.values(features)]);
  }
  return Object.fromEntries(
    Object.entries(collected).map(([arm, metrics]) => [
      arm,
      Object.fromEntries(
        Object.entries(metrics)
          .filter(([, values]) => values.some((value) => !Number.isNaN(value)))
          .map(([metric, values]) => [metric, meanPerPrompt(values, samplesPerPrompt)]),
      ),
    ]),
  );
}
