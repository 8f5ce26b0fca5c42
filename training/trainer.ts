import type { Program, Tensors } from '../engine/program.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import type { Weights } from '../engine/weights.ts';
import type { LoadedPipeline } from '../models/pipeline.ts';
import { DdimScheduler } from '../models/scheduler/ddim.ts';
import type { LoadedReward } from '../rewards/reward.ts';
import { requireFiniteScores } from '../rewards/total.ts';
import { updateNumbers } from './adamw.ts';
import type { Rollout } from './rollout.ts';
import { readers, TUNED, tuningProgram, type TuningSettings } from './tuning-program.ts';

/** What one step of tuning is told about itself; the line of metrics.jsonl. */
export interface StepMetrics {
  /** 1-based. */
  step: number;
  /** -mean over the batch of the weighted sum of rewards. */
  loss: number;
  /** Mean of each reward over the batch. */
  rewards: Record<string, number>;
  /** Norm of the gradient before clipping. */
  gradientNorm: number;
  /** Norm of the change of the encoder's parameters since the start. */
  deltaNorm: number;
  /** Mean squared distance of the embeddings from the original ones. */
  drift: number;
  learningRate: number;
}

/** One step's loss, rewards [B] and gradients by parameter name, these as a file holds the parameters. */
export interface StepGradients {
  loss: number;
  scores: Record<string, Float32Array>;
  gradients: Weights;
}

/** Prompt-based reward tuning of a text encoder (Alg. 1), a step at a time. */
export class Trainer {
  readonly program: Program;
  readonly #pipeline: LoadedPipeline;
  readonly #rewards: readonly LoadedReward[];
  readonly #settings: TuningSettings;
  /** [t, a, b] of the T steps, in order. */
  readonly #steps: [number, number, number][];

  constructor(pipeline: LoadedPipeline, rewards: readonly LoadedReward[], settings: TuningSettings) {
    this.#pipeline = pipeline;
    this.#rewards = rewards;
    this.#settings = settings;
    const { steps } = settings.sampler;
    const scheduler = new DdimScheduler(pipeline.config.scheduler);
    this.#steps = scheduler.timesteps(steps).map((t) => {
      const { a, b } = scheduler.step(t, steps);
      return [t, a, b];
    });
    this.program = tuningProgram(pipeline, rewards, settings);
  }

  /**
   * One step on the samples at `rows` of the rollout (as many as the batch).
   * @throws RunError naming step, prompt and reward when a reward is not finite; the parameters are then as before
   */
  step(step: number, rollout: Rollout, rows: readonly number[], learningRate: number): StepMetrics {
    return tf.tidy(() => {
      const { loss, scores, backward } = this.#forwardBackward(step, rollout, rows);
      const numbers = updateNumbers(learningRate, step, this.#settings.optimizer);
      const { gradientNorm, drift } = this.program.run('update', { ...backward, numbers });
      const { deltaNorm } = this.program.run('deltaNorm', {});
      const mean = (values: Float32Array) => values.reduce((a, b) => a + b, 0) / values.length;
      return {
        step,
        loss,
        rewards: Object.fromEntries(Object.entries(scores).map(([name, values]) => [name, mean(values)])),
        gradientNorm: scalar(gradientNorm!),
        deltaNorm: scalar(deltaNorm!),
        drift: scalar(drift!),
        learningRate,
      };
    });
  }

  /** The first T - K steps of these prompts, without gradient, under the encoder as it is now. noise [B, h, w, C] */
  rollout(prompts: readonly string[], noise: Tensor): Rollout {
    const latents = tf.tidy(() => {
      const embeddings = this.program.run('encode', this.#ids(prompts));
      let z = noise;
      for (const values of this.#steps.slice(0, -this.#settings.sampler.gradientSteps))
        z = this.program.run('denoise', { z, step: tf.tensor1d(values), ...embeddings })['z']!;
      return z.dataSync() as Float32Array;
    });
    const samples = prompts.map((prompt, i) => ({ id: String(i), prompt, sample: 0 }));
    return { shape: noise.shape.slice(1) as [number, number, number], samples, latents };
  }

  /** Loss, rewards and dL/d(phi), without a step. */
  gradients(rollout: Rollout, rows: readonly number[]): StepGradients {
    let result: StepGradients;
    tf.tidy(() => {
      const { loss, scores, backward } = this.#forwardBackward(undefined, rollout, rows);
      const gradients = Object.entries(this.program.run('gradients', backward));
      const inFileLayout = (name: string, t: Tensor) => this.program.inFileLayout(`${TUNED}/${name}`, t);
      result = { loss, scores, gradients: new Map(gradients.map(([name, t]) => [name, inFileLayout(name, t)])) };
    });
    return result!;
  }

  /** The last K steps, the rewards, and the way back to the embeddings. */
  #forwardBackward(step: number | undefined, rollout: Rollout, rows: readonly number[]) {
    const prompts = rows.map((row) => rollout.samples[row]!.prompt);
    const ids = this.#ids(prompts);
    const embeddings = this.program.run('encode', ids);
    const latents = [this.#start(rollout, rows)];
    const numbers = this.#steps.slice(-this.#settings.sampler.gradientSteps).map((values) => tf.tensor1d(values));
    for (const step of numbers)
      latents.push(this.program.run('denoise', { z: latents.at(-1)!, step, ...embeddings })['z']!);

    const { loss, dz, ...rewards } = this.program.run('score', { z: latents.pop()!, ...this.#promptIds(prompts) });
    const scores = Object.fromEntries(Object.entries(rewards).map(([name, t]) => [name, t.dataSync() as Float32Array]));
    requireFiniteScores(scores, { ...(step === undefined ? {} : { step }), prompts });

    let gradient = dz!;
    const dCondition: Tensor[] = [];
    const dUnconditional: Tensor[] = [];
    for (const step of numbers.toReversed()) {
      const back = this.program.run('denoiseVjp', { z: latents.pop()!, step, dz: gradient, ...embeddings });
      gradient = back['dz']!;
      dCondition.push(back['dCondition']!);
      dUnconditional.push(back['dUnconditional']!);
    }
    const backward = { ...ids, dCondition: tf.addN(dCondition), dUnconditional: tf.addN(dUnconditional) };
    return { loss: scalar(loss!), scores, backward };
  }

  #start({ latents, shape }: Rollout, rows: readonly number[]): Tensor {
    const size = shape[0] * shape[1] * shape[2];
    const values = new Float32Array(rows.length * size);
    rows.forEach((row, i) => values.set(latents.subarray(row * size, (row + 1) * size), i * size));
    return tf.tensor4d(values, [rows.length, ...shape]);
  }

  #ids(prompts: readonly string[]): { ids: Tensor; emptyIds: Tensor } {
    const { tokenizer } = this.#pipeline;
    const length = tokenizer.modelMaxLength;
    const rows = [...prompts, ''].map((prompt) => Array.from(tokenizer.pad(tokenizer.encode(prompt), length)));
    return {
      ids: tf.tensor2d(rows.slice(0, -1), [prompts.length, length], 'int32'),
      emptyIds: tf.tensor2d(rows.slice(-1), [1, length], 'int32'),
    };
  }

  #promptIds(prompts: readonly string[]): Tensors {
    return Object.fromEntries(
      readers(this.#rewards).map((reward) => [
        reward.name,
        tf.tensor2d(reward.tokenize(prompts), [prompts.length, reward.promptLength], 'int32'),
      ]),
    );
  }
}

const scalar = (tensor: Tensor): number => tensor.dataSync()[0]!;
