import type { Program, Tensors } from '../../engine/program/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';

/**
 * Takes denoising steps without gradient, under the current networks.
 * @param program has the entry point `step`
 * @param numbers coefficients of each step, in order
 * @param c the embeddings
 */
export function denoise(program: Program, z: Tensor, numbers: readonly (readonly number[])[], c: Tensors): Tensor {
  return numbers.reduce((z, step) => program.run('step', { z, step: tf.tensor1d([...step]), ...c })['z']!, z);
}
