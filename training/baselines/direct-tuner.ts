import { RandomStream } from '../../common/random.ts';
import { tf } from '../../engine/tensorflow.ts';
import type { SchedulerFile } from '../../models/sampling/scheduler-config.ts';
import { DdimSchedule } from '../../models/sampling/levels/ddim-schedule.ts';
import type { Generator } from '../generator/generator.ts';
import type { Rollout, RolloutBatch } from '../rollout/rollout-samples.ts';
import { scoreMetrics } from '../scoring.ts';
import type { Snapshot } from '../checkpoint/snapshot.ts';
import type { Trainer } from '../trainer.ts';
import type { StepMetrics, Tuner } from '../tuner.ts';

export interface DirectInputs {
  /** Trains the text encoder. */
  trainer: Trainer;
  generator: Generator;
  scheduler: SchedulerFile;
  seed: number;
}

/**
 * Direct tuning (the paper's section 3.2.1), a baseline: adds noise to a real picture's latents up to a random
 * timestep, predicts x0 in one evaluation, decodes and scores it. Cheap, but it never sees the pictures that sampling
 * produces. Its rollout holds latents of real pictures.
 */
export class DirectTuner implements Tuner {
  readonly #inputs: DirectInputs;
  readonly #schedule: DdimSchedule;

  constructor(inputs: DirectInputs) {
    this.#inputs = inputs;
    this.#schedule = new DdimSchedule(inputs.scheduler);
    this.#schedule.requirePictures(this.#schedule.alphasCumprod.length - 1);
  }

  snapshot(): Snapshot {
    return this.#inputs.trainer.snapshot();
  }

  restore(snapshot: Snapshot): void {
    this.#inputs.trainer.restore(snapshot);
  }

  /** All samples of a batch share a timestep, and so the step's coefficients. */
  step(step: number, rollout: Rollout, rows: readonly number[], rate: number): StepMetrics {
    const { trainer, generator, seed } = this.#inputs;
    const { prompts, latents } = rollout.batch(rows);
    const t = new RandomStream(seed, 'direct timestep', step).integer(this.#schedule.alphasCumprod.length);
    const noisy = this.#noisy(latents, t, step);
    return tf.tidy(() => {
      const inputs = generator.encodeInputs.of(prompts);
      const c = trainer.encode(inputs); // c = E_phi(p)
      const z = tf.tensor(noisy, [...generator.latents]); // z_t
      const taken = trainer.activations.take(z, [t, ...this.#schedule.clean(t)], c); // x0 as predicted from z_t
      const { dz, ...scored } = trainer.scoring.score([{ z0: taken.z }], { prompts, step });
      const backward = trainer.backward(c);
      backward.through([taken], dz[0]!);
      const updated = trainer.update.run({ ...inputs, ...backward.embeddings() }, step, rate);
      return { step, ...scoreMetrics(scored), ...updated };
    });
  }

  /** z_t = signal x0 + noise epsilon */
  #noisy(latents: RolloutBatch['latents'], t: number, step: number): Float32Array {
    const { signal, noise } = this.#schedule.level(t);
    const values = new RandomStream(this.#inputs.seed, 'direct noise', step)
      .normal(latents.length)
      .map((v) => v * noise);
    latents.forEach((x0, k) => (values[k]! += signal * x0));
    return values;
  }
}
