import { RandomStream } from '../../common/random.ts';
import type { Tensors } from '../../engine/program/program.ts';
import { tf } from '../../engine/tensorflow.ts';
import type { SchedulerFile } from '../../models/scheduler/config.ts';
import { DdimScheduler } from '../../models/scheduler/ddim.ts';
import { levelOf } from '../../models/scheduler/prediction.ts';
import { requireFiniteLoss } from '../../rewards/finite-loss.ts';
import { requireFiniteScores } from '../../rewards/total.ts';
import { updateNumbers, type AdamWOptions } from '../adamw.ts';
import type { Generator } from '../generator.ts';
import type { Rollout } from '../rollout.ts';
import type { StepMetrics, Trainer } from '../trainer.ts';
import { gradientOf, numbersOf, scoresOf } from '../tuning-program.ts';

export interface DirectInputs {
  trainer: Trainer;
  generator: Generator;
  scheduler: SchedulerFile;
  /** The text encoder's name, and its learning rate. */
  network: { name: string; learningRate: number };
  optimizer: AdamWOptions;
  seed: number;
}

/**
 * Direct tuning (the paper's section 3.2.1): noise is added to a real picture's latents up to a random timestep, x0 is
 * predicted in one evaluation, decoded and scored. Cheap, and blind to what sampling really gives: a baseline. Its
 * rollout holds latents of real pictures. It takes the trainer's place in the loop.
 */
export class DirectTrainer {
  readonly #inputs: DirectInputs;
  readonly #schedule: DdimScheduler;

  constructor(inputs: DirectInputs) {
    this.#inputs = inputs;
    this.#schedule = new DdimScheduler(inputs.scheduler);
    this.#schedule.requirePictures(this.#schedule.alphasCumprod.length - 1);
  }

  snapshot(): ReturnType<Trainer['snapshot']> {
    return this.#inputs.trainer.snapshot();
  }

  restore(snapshot: Parameters<Trainer['restore']>[0]): void {
    this.#inputs.trainer.restore(snapshot);
  }

  /** All samples of a batch share a timestep, so that one step's numbers do for them. */
  step(step: number, rollout: Rollout, rows: readonly number[], rate: number): StepMetrics {
    const { trainer, generator, network, optimizer, seed } = this.#inputs;
    const { program } = trainer;
    const t = new RandomStream(seed, 'direct timestep', step).integer(this.#schedule.alphasCumprod.length);
    const { signal, noise } = levelOf(this.#schedule.alphasCumprod[t]!);
    const size = rollout.latents.length / rollout.samples.length;
    const values = new RandomStream(seed, 'direct noise', step).normal(rows.length * size).map((v) => v * noise);
    rows.forEach((row, i) => {
      for (let k = 0; k < size; k++) values[i * size + k]! += signal * rollout.latents[row * size + k]!;
    });
    const prompts = rows.map((row) => rollout.samples[row]!.prompt);
    return tf.tidy(() => {
      const inputs = generator.encodeInputs.of(prompts);
      const embeddings = program.run('encode', inputs);
      const numbers = [t, ...this.#schedule.clean(t)];
      const start = { z: tf.tensor(values, [...generator.latents]), step: tf.tensor1d(numbers), ...embeddings };
      const { z } = program.run('step', start);
      const { loss, dz, ...rewards } = program.run('score', { z: z!, ...generator.scoreInputs.of(prompts) });
      const scores = Object.fromEntries(
        generator.rewards.map(({ name }) => [name, rewards[scoresOf(name)]!.dataSync() as Float32Array]),
      );
      requireFiniteScores(scores, { step, prompts });
      requireFiniteLoss(loss!.dataSync()[0]!, generator.rewards, scores, { step, prompts });
      const back = program.run('stepVjp', { ...start, dz: dz! });
      const along = Object.keys(embeddings).map((name) => [gradientOf(name), back[gradientOf(name)]!]);
      const rates = { [numbersOf(network.name)]: updateNumbers(network.learningRate * rate, step, optimizer) };
      const { drift, ...norms } = program.run('update', {
        ...inputs,
        ...(Object.fromEntries(along) as Tensors),
        ...rates,
      });
      const mean = (own: Float32Array) => own.reduce((a, b) => a + b, 0) / own.length;
      return {
        step,
        loss: loss!.dataSync()[0]!,
        rewards: Object.fromEntries(Object.entries(scores).map(([name, own]) => [name, mean(own)])),
        gradientNorm: scalars(norms),
        deltaNorm: scalars(program.run('deltaNorm', {})),
        ...(drift ? { drift: drift.dataSync()[0]! } : {}),
      };
    });
  }
}

const scalars = (tensors: Tensors): Record<string, number> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.dataSync()[0]!]));
