import type { Tensors } from '../engine/program/program.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { gradientOf } from './entries/entries.ts';
import type { TakenStep } from './kept-activations.ts';
import type { LossScaling } from './optimizer/loss-scale.ts';
import type { TuningProgram } from './tuning-program.ts';

/**
 * Backpropagates through denoising steps, and sums dL/dc over them. The program itself sums the gradients of the
 * parameters inside the steps (`state/gradient/…`), from zero at the first step that it goes through.
 */
export class Backward {
  readonly #learns: TuningProgram['learns'];
  readonly #scale: LossScaling;
  readonly #embeddings: readonly string[];
  readonly #gradients = new Map<string, Tensor[]>();
  #begun = false;

  /** @param embeddings c */
  constructor(learns: TuningProgram['learns'], scale: LossScaling, embeddings: Tensors) {
    this.#learns = learns;
    this.#scale = scale;
    this.#embeddings = Object.keys(embeddings);
  }

  /** Goes back through these steps. @param steps first to last @param dz dL/dz after the last one */
  through(steps: readonly TakenStep[], dz: Tensor): void {
    let gradient = dz; // dL/dz_0
    for (const step of steps.toReversed()) {
      const found = step.product({ dz: gradient, ...this.#stepInputs() });
      gradient = found['dz']!; // dL/dz_t = dL/dz_(t-1) dz_(t-1)/dz_t
      for (const name of this.#learns.encode ? this.#embeddings : []) this.#add(gradientOf(name), found);
    }
  }

  /**
   * Returns the sum of dL/dc as inputs of `gradients` and `update`; empty if the network that makes c is not trained.
   */
  embeddings(): Tensors {
    return Object.fromEntries([...this.#gradients].map(([name, parts]) => [name, tf.addN(parts)]));
  }

  #stepInputs(): Tensors {
    if (!this.#learns.step) return {};
    const keep = tf.scalar(this.#begun ? 1 : 0);
    this.#begun = true;
    return { keep, ...this.#scale.inputs() };
  }

  #add(name: string, found: Tensors): void {
    this.#gradients.set(name, [...(this.#gradients.get(name) ?? []), found[name]!]);
  }
}
