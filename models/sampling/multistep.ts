import { tf, type Tensor } from '../../engine/tensorflow.ts';
import type { SolverStep } from './solver-plan.ts';

/**
 * Samples with the general form: each step reads all latents and outputs before it.
 * @param start z_0; disposed
 * @param network returns the i-th output, at timestep t
 */
export function sampleMultistep(
  start: Tensor,
  steps: readonly SolverStep[],
  network: (z: Tensor, t: number, i: number) => Tensor,
): Tensor {
  let zs = [start]; // newest first
  let outputs: Tensor[] = [];
  for (const [i, { t, z, output }] of steps.entries()) {
    outputs = [network(zs[0]!, t, i), ...outputs];
    zs = [tf.tidy(() => tf.addN([...weighted(z, zs), ...weighted(output, outputs)])), ...zs];
  }
  const [result, ...rest] = zs;
  tf.dispose([...rest, ...outputs]);
  return result!;
}

const weighted = (weights: readonly number[], values: readonly Tensor[]): Tensor[] =>
  weights.flatMap((weight, j) => (weight === 0 ? [] : [values[j]!.mul(weight)]));
