import { RandomStream } from '../../common/random.ts';
import { mean } from '../../common/statistics.ts';
import type { Tensors } from '../../engine/program/program.ts';
import { tf } from '../../engine/tensorflow.ts';
import type { Generator } from '../generator/generator.ts';
import type { Observation, Observer } from '../alarm/observer.ts';
import type { Rollout } from '../rollout/rollout-samples.ts';
import type { Snapshot } from '../checkpoint/snapshot.ts';
import type { Trainer } from '../trainer.ts';
import type { StepMetrics, Tuner, UpdateMetrics } from '../tuner.ts';
import { advantagesOf, logProbabilities, meanGradient, surrogate } from './policy-gradient.ts';

export interface DdpoSettings {
  /** Updates per set of trajectories. */
  epochs: number;
  /** The ratio of new to old probabilities is clipped to 1 ± this. */
  clipRange: number;
  /** Trajectories from each start. Rewards are compared within this group; if 1, within the whole batch. */
  group: number;
  /** Limit of an advantage, in standard deviations. */
  largestAdvantage: number;
}

export interface DdpoInputs {
  /** Trains a single network. */
  trainer: Trainer;
  generator: Generator;
  /** Scores the pictures; no gradient of a reward is used. */
  observer: Observer;
  /** Coefficients of each of the last K steps, and the standard deviation of its noise. */
  actions: readonly { numbers: readonly number[]; sigma: number }[];
  /** Weights of the rewards in the sum. */
  weights: Readonly<Record<string, number>>;
  settings: DdpoSettings;
  seed: number;
}

/** A step that was taken: its start, its result, and the result's probability under the policy that took it. */
interface Action {
  z: Float32Array;
  next: Float32Array;
  logOld: Float64Array;
}

/**
 * Denoising diffusion policy optimization on the last K steps. It has the same starts and networks as reward tuning,
 * but uses only the rewards' values, not their gradients.
 */
export class DdpoTuner implements Tuner {
  readonly #inputs: DdpoInputs;

  constructor(inputs: DdpoInputs) {
    this.#inputs = inputs;
  }

  snapshot(): Snapshot {
    return this.#inputs.trainer.snapshot();
  }

  restore(snapshot: Snapshot): void {
    this.#inputs.trainer.restore(snapshot);
  }

  /** Samples trajectories from the first rows (a group from each), scores them and updates the network. */
  step(step: number, rollout: Rollout, rows: readonly number[], rate: number): StepMetrics {
    const { settings, trainer, weights } = this.#inputs;
    const starts = rows.map((_, i) => rows[Math.floor(i / settings.group)]!);
    const { actions, scores, prompts } = this.#sample(step, rollout, starts);
    const total = Float64Array.from(prompts, (_, i) =>
      Object.entries(weights).reduce((sum, [name, weight]) => sum + weight * scores[name]![i]!, 0),
    );
    const advantages = advantagesOf(total, settings.group, settings.largestAdvantage);
    let updated: UpdateMetrics = { gradientNorm: {}, deltaNorm: {} };
    for (let epoch = 0; epoch < settings.epochs; epoch++)
      tf.tidy(() => {
        const { backward } = this.gradient(prompts, actions, advantages);
        updated = trainer.update.run(backward, (step - 1) * settings.epochs + epoch + 1, rate);
      });
    return {
      step,
      loss: -mean(total),
      rewards: Object.fromEntries(Object.keys(weights).map((name) => [name, mean(scores[name]!)])),
      ...updated,
    };
  }

  /**
   * Computes the clipped objective of these actions under the current networks, and the inputs of `gradients` and
   * `update`: the prompts and dL/dc. The gradient by the steps' parameters is left in `state/gradient/...`. The caller
   * disposes the tensors.
   */
  gradient(
    prompts: readonly string[],
    actions: readonly Action[],
    advantages: Float64Array,
  ): { loss: number; clipped: number; backward: Tensors } {
    const { trainer, generator, actions: numbers, settings } = this.#inputs;
    const inputs = generator.encodeInputs.of(prompts);
    const c = trainer.encode(inputs);
    const backward = trainer.backward(c);
    const shape = [...generator.latents];
    let [loss, clipped] = [0, 0];
    for (const [k, { z, next, logOld }] of actions.entries()) {
      const { sigma, numbers: step } = numbers[k]!;
      if (sigma === 0) continue; // a step without noise is not an action
      const taken = trainer.activations.take(tf.tensor(z, shape), step, c);
      const mean = taken.z.dataSync() as Float32Array;
      const logNew = logProbabilities(next, mean, sigma, prompts.length);
      const own = surrogate(logNew, logOld, advantages, settings.clipRange);
      loss += own.loss / actions.length;
      clipped += own.clipped / actions.length;
      const share = own.gradients.map((value) => value / actions.length);
      backward.through([taken], tf.tensor(meanGradient(next, mean, sigma, share), shape));
    }
    return { loss, clipped, backward: { ...inputs, ...backward.embeddings() } };
  }

  /** Samples trajectories under the current networks. */
  #sample(step: number, rollout: Rollout, rows: readonly number[]) {
    const { trainer, generator, observer, actions: numbers, seed } = this.#inputs;
    const { prompts, latents } = rollout.batch(rows);
    const actions: Action[] = [];
    let z = latents;
    let scores: Observation['scores'] = {};
    tf.tidy(() => {
      const c = trainer.encode(generator.encodeInputs.of(prompts));
      const shape = [...generator.latents];
      for (const [k, action] of numbers.entries()) {
        const mean = trainer.activations.take(tf.tensor(z, shape), action.numbers, c).z.dataSync() as Float32Array;
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
