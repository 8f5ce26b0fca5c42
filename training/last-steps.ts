import type { Tensors } from '../engine/program/program.ts';
import type { Tensor } from '../engine/tensorflow.ts';
import { sampleOneStep } from '../models/sampling/one-step.ts';
import type { KeptActivations, TakenStep } from './kept-activations.ts';

/** The last K steps of a batch, z_K -> z_0, under the current networks. */
export class LastSteps {
  readonly #activations: KeptActivations;
  readonly #numbers: readonly (readonly number[])[];
  readonly #start: Tensor;
  readonly #embeddings: Tensors;

  /** @param numbers coefficients of each of the K steps @param start z_K @param embeddings c */
  constructor(
    activations: KeptActivations,
    numbers: readonly (readonly number[])[],
    start: Tensor,
    embeddings: Tensors,
  ) {
    this.#activations = activations;
    this.#numbers = numbers;
    this.#start = start;
    this.#embeddings = embeddings;
  }

  /** K */
  get count(): number {
    return this.#numbers.length;
  }

  /** Takes all K steps. @returns the last `carrying` steps, which carry gradient, first to last */
  take(carrying: number): TakenStep[] {
    const kept = Math.min(carrying, this.#activations.room);
    const steps: TakenStep[] = [];
    sampleOneStep(this.#start, this.#numbers, (z, numbers, i) => {
      const step = this.#activations.take(z, numbers, this.#embeddings, i >= this.count - kept);
      steps.push(step);
      return step.z;
    });
    return steps.slice(-carrying);
  }

  /** Takes the last step again, from other latents. */
  takeLast(z: Tensor): TakenStep {
    return this.#activations.take(z, this.#numbers.at(-1)!, this.#embeddings);
  }
}
