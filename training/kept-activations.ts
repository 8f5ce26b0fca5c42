import type { Program, Tensors } from '../engine/program/program.ts';
import { tf, usesGpu, type Tensor } from '../engine/tensorflow.ts';

/** Default of the bytes that are kept: a step of Stable Diffusion at 512 pixels takes 2.7 GiB. On a GPU, 0. */
const ACTIVATION_BYTES = 4 * 2 ** 30;

/** A denoising step that was taken, z_t -> z_(t-1). */
export interface TakenStep {
  /** z_(t-1) */
  z: Tensor;
  /** Its vector-Jacobian product, once: dL/dz_(t-1) among the late inputs -> dL/dz_t as `dz`, dL/dc as `d.NAME`. */
  product(late: Tensors): Tensors;
}

/**
 * Takes steps that are differentiated later. The activations of a step are kept until then where there is room for them;
 * where there is not, the step is run again for its product (gradient checkpointing).
 */
export class KeptActivations {
  readonly #program: Program;
  readonly #bytes: number;

  /** @param bytes that may be kept */
  constructor(program: Program, bytes: number = usesGpu() ? 0 : ACTIVATION_BYTES) {
    this.#program = program;
    this.#bytes = bytes;
  }

  /** How many steps there is room for. */
  get room(): number {
    return Math.floor(this.#bytes / this.#program.keptBytes('stepVjp'));
  }

  /** @param c the embeddings @param keep the activations, too */
  take(z: Tensor, numbers: readonly number[], c: Tensors, keep = false): TakenStep {
    const inputs = { z, step: tf.tensor1d([...numbers]), ...c };
    if (!keep) {
      const next = this.#program.run('step', inputs)['z']!;
      return { z: next, product: (late) => this.#program.run('stepVjp', { ...inputs, ...late }) };
    }
    const { outputs, finish } = this.#program.start('stepVjp', inputs);
    // A gradient that is zero whatever comes later (of the empty prompt, without guidance) is there from the start.
    return { z: outputs['z']!, product: (late) => ({ ...outputs, ...finish(late) }) };
  }
}
