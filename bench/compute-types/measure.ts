/** Cost of a 16-bit type: directions of gradients and orders of scores, compared with float32. */
import { RandomStream } from '../../common/random.ts';
import type { HalfType } from '../../engine/mixed-precision.ts';
import { tf } from '../../engine/tensorflow.ts';
import type { LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import type { SamplerSettings } from '../../models/sampling/sampler-settings.ts';
import type { LoadedReward } from '../../rewards/reward.ts';
import { TEXT_ENCODER, textToImage } from '../../training/generator/text-to-image.ts';
import { Trainer, type StepGradients } from '../../training/trainer.ts';

/** One objective: training steps of a pipeline under a set of rewards, from several start noises. */
export interface Objective {
  name: string;
  pipeline: LoadedPipeline;
  rewards: readonly LoadedReward[];
  sampler: SamplerSettings;
  /** Prompts of each batch, the same number in each. */
  batches: readonly (readonly string[])[];
  /** Height and width of the latents. */
  latentSize: readonly [height: number, width: number];
}

export interface Comparison {
  /** Cosine of the encoder's gradient with float32's, per batch. */
  cosines: number[];
  /** Norm of the gradient over that of float32, per batch. */
  norms: number[];
  /** Pairs of pictures by reward, and how many of them the type orders differently. */
  order: Record<string, { pairs: number; swapped: number }>;
}

/** Runs the objective's steps in float32. */
export const exactSteps = (objective: Objective): StepGradients[] => stepsIn(objective, 'float32');

/** Compares the objective's steps in a 16-bit type with those in float32. */
export function compare(objective: Objective, exact: readonly StepGradients[], type: HalfType): Comparison {
  const found = stepsIn(objective, type);
  const along = found.map((step, i) => direction(step, exact[i]!));
  const order = objective.rewards.map(({ name }) => {
    const [ours, theirs] = [found, exact].map((steps) => steps.flatMap(({ scores }) => [...scores[name]!]));
    return [name, swaps(ours!, theirs!)] as const;
  });
  return {
    cosines: along.map(({ cosine }) => cosine),
    norms: along.map(({ norm }) => norm),
    order: Object.fromEntries(order),
  };
}

function stepsIn(
  { pipeline, rewards, sampler, batches, latentSize }: Objective,
  type: HalfType | 'float32',
): StepGradients[] {
  const batch = batches[0]!.length;
  const generator = textToImage(pipeline, rewards, { batch, latentSize, sampler });
  const trained = [{ name: TEXT_ENCODER, learningRate: 0 }];
  const trainer = new Trainer(generator, {
    trained,
    gradientSteps: sampler.gradientSteps,
    embeddingPull: 0,
    type,
  });
  const steps = batches.map((prompts, i) => {
    const shape = [...generator.latents];
    const values = new RandomStream(1, 'compute types', i).normal(shape.reduce((a, b) => a * b));
    const noise = tf.tensor(values, shape);
    const found = trainer.gradients(trainer.rollout(prompts, noise), [...prompts.keys()]);
    noise.dispose();
    return found;
  });
  trainer.program.dispose();
  return steps;
}

function direction(ours: StepGradients, theirs: StepGradients): { cosine: number; norm: number } {
  const sums = { dot: 0, ours: 0, theirs: 0 };
  for (const [name, { data }] of ours.gradients[TEXT_ENCODER]!) {
    const exact = theirs.gradients[TEXT_ENCODER]!.get(name)!.data;
    data.forEach((value, i) => {
      sums.dot += value * exact[i]!;
      sums.ours += value ** 2;
      sums.theirs += exact[i]! ** 2;
    });
  }
  return { cosine: sums.dot / Math.sqrt(sums.ours * sums.theirs), norm: Math.sqrt(sums.ours / sums.theirs) };
}

function swaps(ours: readonly number[], theirs: readonly number[]): { pairs: number; swapped: number } {
  const count = { pairs: 0, swapped: 0 };
  for (let i = 0; i < ours.length; i++)
    for (let k = 0; k < i; k++) {
      count.pairs++;
      if ((ours[i]! - ours[k]!) * (theirs[i]! - theirs[k]!) <= 0) count.swapped++;
    }
  return count;
}

/** Returns the median of numbers, the mean of the middle two if their count is even. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}
