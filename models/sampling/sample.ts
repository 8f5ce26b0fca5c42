import { tf, type Tensor } from '../../engine/tensorflow.ts';
import type { SolverPlan } from './multistep.ts';

/** Returns whether every step needs only the last evaluation, so that a run can begin at any step: DDIM, Euler. */
export const isOneStep = ({ steps }: SolverPlan): boolean =>
  steps.every(({ z, output }) => z.length === 1 && output.length === 1);

/** Coefficients of a step of such a run: z' = a z + b output, where output is the network's at timestep t. */
export type StepNumbers = readonly [t: number, a: number, b: number];
export const stepNumbers = ({ steps }: SolverPlan): StepNumbers[] =>
  steps.map(({ t, z: [a], output: [b] }) => [t, a!, b!]);

/** Evaluates the network for the i-th time: z -> a z + b output. The caller disposes the result. */
export type Evaluate = (i: number, z: Tensor, numbers: StepNumbers) => Tensor;

export interface SampleOptions {
  /** A range of evaluations, if the run can begin at any step. Default: all. */
  from?: number;
  until?: number | undefined;
  progress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Denoises towards a picture's latents.
 * @param noise noise of standard deviation 1, or the latents after `from` evaluations
 * @returns the latents after the evaluations before `until`
 */
export function sample(noise: Tensor, plan: SolverPlan, evaluate: Evaluate, options: SampleOptions = {}): Tensor {
  const { from = 0, until = plan.steps.length } = options;
  if (from >= until) return noise.clone();
  const start = from === 0 && plan.start !== 1 ? noise.mul(plan.start) : noise.clone();
  if (isOneStep(plan)) return sampleOneStep(start, plan, evaluate, { ...options, from, until });
  if (from > 0 || until < plan.steps.length)
    throw new RangeError('a multistep run cannot begin or end at an intermediate step');
  return sampleMultistep(start, plan, evaluate, options);
}

/** Each step reads only the latents before it. @param z is disposed */
function sampleOneStep(
  z: Tensor,
  plan: SolverPlan,
  evaluate: Evaluate,
  { from = 0, until, progress }: SampleOptions,
): Tensor {
  const numbers = stepNumbers(plan);
  for (let i = from; i < until!; i++) {
    const next = evaluate(i, z, numbers[i]!); // z' = a z + b eps(z, t)
    z.dispose();
    z = next;
    progress?.(i + 1, numbers.length);
  }
  return z;
}

/** The general form: each step reads all latents and outputs before it. @param z is disposed */
function sampleMultistep(z: Tensor, plan: SolverPlan, evaluate: Evaluate, { progress }: SampleOptions): Tensor {
  let zs = [z]; // newest first
  let outputs: Tensor[] = [];
  for (const [i, { t, z, output }] of plan.steps.entries()) {
    outputs = [evaluate(i, zs[0]!, [t, 0, 1]), ...outputs];
    zs = [tf.tidy(() => tf.addN([...weighted(z, zs), ...weighted(output, outputs)])), ...zs]; // z' = sum_j z[j] z_j + output[j] eps_j
    progress?.(i + 1, plan.steps.length);
  }
  const [result, ...rest] = zs;
  tf.dispose([...rest, ...outputs]);
  return result!;
}

const weighted = (weights: readonly number[], values: readonly Tensor[]): Tensor[] =>
  weights.flatMap((weight, j) => (weight === 0 ? [] : [values[j]!.mul(weight)]));
