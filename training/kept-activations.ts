import type { Program, Tensors } from '../engine/program/program.ts';
import { tf, usesGpu, type Tensor } from '../engine/tensorflow.ts';

/** Default memory for kept activations: a step of Stable Diffusion at 512 pixels takes 2.7 GiB. On a GPU, 0. */
const ACTIVATION_BYTES = 4 * 2 ** 30;

/** A denoising step that was taken, z_t -> z_(t-1). */
export interface TakenStep {
  /** z_(t-1) */
  z: Tensor;
  /** Its vector-Jacobian product, callable once: late inputs with dL/dz_(t-1) -> dL/dz_t as `dz`, dL/dc as `d.NAME`. */
  product(late: Tensors): Tensors;
}

/**
 * Takes steps that are differentiated later. Activations are kept until then while there is room; other steps are run
 * again for their product (gradient checkpointing).
 */
export class KeptActivations {
  readonly #program: Program;
  readonly #bytes: number;

  /** @param bytes memory for kept activations */
  constructor(program: Program, bytes: number = usesGpu() ? 0 : ACTIVATION_BYTES) {
    this.#program = program;
    this.#bytes = bytes;
  }

  /** Number of steps whose activations fit. */
  get room(): number {
    return Math.floor(this.#bytes / this.#program.keptBytes('stepVjp'));
  }

  /** Takes a step. @param c the embeddings @param keep keeps the activations */
  take(z: Tensor, numbers: readonly number[], c: Tensors, keep = false): TakenStep {
    const inputs = { z, step: tf.tensor1d([...numbers]), ...c };
    if (!keep) {
      const next = this.#program.run('step', inputs)['z']!;
      return { z: next, product: (late) => this.#program.run('stepVjp', { ...inputs, ...late }) };
    }
    const { outputs, finish } = this.#program.start('stepVjp', inputs);
    // Gradients that are zero for any late input (of the empty prompt, without guidance) are already in outputs.
    return { z: outputs['z']!, product: (late) => ({ ...outputs, ...finish(late) }) };
  }
}
