import { RandomStream } from '../../common/random.ts';
import type { Tensors } from '../../engine/program/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { updateNumbers, type AdamWOptions } from '../adamw.ts';
import type { Generator } from '../generator.ts';
import type { Observation, Observer } from '../observer.ts';
import type { Rollout } from '../rollout.ts';
import type { StepMetrics, Trainer } from '../trainer.ts';
import { gradientOf, numbersOf } from '../tuning-program.ts';
import { advantagesOf, logProbabilities, meanGradient, surrogate } from './policy-gradient.ts';

export interface DdpoSettings {
  /** Updates on the same trajectories. */
  epochs: number;
  /** How far the ratio of new and old probabilities counts, to each side of 1. */
  clipRange: number;
  /** Trajectories from each start, whose rewards are compared with each other; 1: with the whole batch. */
  group: number;
  /** Largest advantage, in standard deviations. */
  largestAdvantage: number;
}

export interface DdpoInputs {
  trainer: Trainer;
  generator: Generator;
  /** Scores what comes out; none of its gradients is used. */
  observer: Observer;
  /** The numbers of each of the last K steps, the noise's deviation aside. */
  actions: readonly { numbers: readonly number[]; sigma: number }[];
  /** Weights of the rewards in the sum. */
  weights: Readonly<Record<string, number>>;
  /** The network that is trained, whether it makes the embeddings or takes the steps, and its learning rate. */
  network: { name: string; learningRate: number; makesEmbeddings: boolean };
  optimizer: AdamWOptions;
  settings: DdpoSettings;
  seed: number;
}

/** A step that was taken: where from, where to, and how likely that was under the policy that took it. */
interface Action {
  z: Float32Array;
  next: Float32Array;
  logOld: Float64Array;
}

/**
 * Denoising diffusion policy optimization on the last K steps: the same starts and the same networks as reward tuning,
 * but of the rewards only their values. It takes the trainer's place in the loop.
 */
export class DdpoTrainer {
  readonly #inputs: DdpoInputs;

  constructor(inputs: DdpoInputs) {
    this.#inputs = inputs;
  }

  snapshot(): ReturnType<Trainer['snapshot']> {
    return this.#inputs.trainer.snapshot();
  }

  restore(snapshot: Parameters<Trainer['restore']>[0]): void {
    this.#inputs.trainer.restore(snapshot);
  }

  /** Trajectories from the first rows (a group from each), their rewards, and the updates on them. */
  step(step: number, rollout: Rollout, rows: readonly number[], rate: number): StepMetrics {
    const { settings, network, optimizer, seed, trainer, weights } = this.#inputs;
    const starts = rows.map((_, i) => rows[Math.floor(i / settings.group)]!);
    const { actions, scores, prompts } = this.#sample(step, rollout, starts, seed);
    const total = Float64Array.from(prompts, (_, i) =>
      Object.entries(weights).reduce((sum, [name, weight]) => sum + weight * scores[name]![i]!, 0),
    );
    const advantages = advantagesOf(total, settings.group, settings.largestAdvantage);
    let metrics: Pick<StepMetrics, 'gradientNorm' | 'drift'> = { gradientNorm: {} };
    for (let epoch = 0; epoch < settings.epochs; epoch++)
      tf.tidy(() => {
        const { backward } = this.gradient(prompts, actions, advantages);
        const update = (step - 1) * settings.epochs + epoch + 1;
        const numbers = { [numbersOf(network.name)]: updateNumbers(network.learningRate * rate, update, optimizer) };
        const { drift, ...norms } = trainer.program.run('update', { ...backward, ...numbers });
        metrics = { gradientNorm: scalars(norms), ...(drift ? { drift: drift.dataSync()[0]! } : {}) };
      });
    const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length;
    return {
      step,
      loss: -mean(total),
      ...metrics,
      rewards: Object.fromEntries(Object.keys(weights).map((name) => [name, mean(scores[name]!)])),
      deltaNorm: tf.tidy(() => scalars(trainer.program.run('deltaNorm', {}))),
    };
  }

  /**
   * The clipped objective of these actions under the networks as they are now, with the gradient by the embeddings; that
   * by the steps' parameters lies in `state/gradient/...`. Tensors are the caller's.
   */
  gradient(
    prompts: readonly string[],
    actions: readonly Action[],
    advantages: Float64Array,
  ): { loss: number; clipped: number; backward: Tensors } {
    const { trainer, generator, actions: numbers, settings, network } = this.#inputs;
    const { program } = trainer;
    const inputs = generator.encodeInputs.of(prompts);
    const embeddings = program.run('encode', inputs);
    const shape = [...generator.latents];
    let [loss, clipped] = [0, 0];
    const sums = new Map<string, Tensor[]>();
    let first = true;
    for (const [k, { z, next, logOld }] of actions.entries()) {
      const { sigma, numbers: step } = numbers[k]!;
      if (sigma === 0) continue; // a step without noise is no action
      const start = { z: tf.tensor(z, shape), step: tf.tensor1d([...step]), ...embeddings };
      const mean = program.run('step', start)['z']!.dataSync() as Float32Array;
      const own = surrogate(
        logProbabilities(next, mean, sigma, prompts.length),
        logOld,
        advantages,
        settings.clipRange,
      );
      loss += own.loss / actions.length;
      clipped += own.clipped / actions.length;
      const share = own.gradients.map((value) => value / actions.length);
      const dz = tf.tensor(meanGradient(next, mean, sigma, share), shape);
      const keep = network.makesEmbeddings ? {} : { keep: tf.scalar(first ? 0 : 1) };
      const back = program.run('stepVjp', { ...start, dz, ...keep });
      for (const [name, t] of Object.entries(back)) sums.set(name, [...(sums.get(name) ?? []), t]);
      first = false;
    }
    if (!network.makesEmbeddings) return { loss, clipped, backward: {} };
    const along = Object.keys(embeddings).map((name) => [gradientOf(name), tf.addN(sums.get(gradientOf(name))!)]);
    return { loss, clipped, backward: { ...inputs, ...(Object.fromEntries(along) as Tensors) } };
  }

  /** Trajectories under the networks as they are now. */
  #sample(step: number, rollout: Rollout, rows: readonly number[], seed: number) {
    const { trainer, generator, observer, actions: numbers } = this.#inputs;
    const size = rollout.latents.length / rollout.samples.length;
    const prompts = rows.map((row) => rollout.samples[row]!.prompt);
    let z = new Float32Array(rows.length * size);
    rows.forEach((row, i) => z.set(rollout.latents.subarray(row * size, (row + 1) * size), i * size));
    const actions: Action[] = [];
    let scores: Observation['scores'] = {};
    tf.tidy(() => {
      const embeddings = trainer.program.run('encode', generator.encodeInputs.of(prompts));
      const shape = [...generator.latents];
      for (const [k, action] of numbers.entries()) {
        const inputs = { z: tf.tensor(z, shape), step: tf.tensor1d([...action.numbers]), ...embeddings };
        const mean = trainer.program.run('step', inputs)['z']!.dataSync() as Float32Array;
        const noise = new RandomStream(seed, 'ddpo', step, k).normal(mean.length);
        const next = mean.map((value, i) => value + action.sigma * noise[i]!);
        const logOld =
          action.sigma === 0 ? new Float64Array(rows.length) : logProbabilities(next, mean, action.sigma, rows.length);
        actions.push({ z, next, logOld });
        z = next;
      }
      scores = observer.measure(tf.tensor(z, shape), prompts).scores;
    });
    return { actions, scores, prompts };
  }
}

const scalars = (tensors: Tensors): Record<string, number> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.dataSync()[0]!]));
