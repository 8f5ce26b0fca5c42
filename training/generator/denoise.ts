import type { Program, Tensors } from '../../engine/program/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { sampleOneStep } from '../../models/sampling/one-step.ts';

/**
 * Takes denoising steps without gradient, under the current networks.
 * @param program has the entry point `step`
 * @param steps coefficients of each step, in order
 * @param c the embeddings
 */
export function denoise(program: Program, z: Tensor, steps: readonly (readonly number[])[], c: Tensors): Tensor {
  return sampleOneStep(
    z,
    steps,
    (z, numbers) => program.run('step', { z, step: tf.tensor1d([...numbers]), ...c })['z']!,
  );
}
