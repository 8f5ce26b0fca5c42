import type { SolverPlan } from './solver-plan.ts';

/** Coefficients of a step that reads only the newest latents and output, as DDIM's and Euler's: z' = a z + b output. */
export type StepNumbers = readonly [t: number, a: number, b: number];

/** Returns whether every step of a plan is of this kind, so that a run can begin and end at any step. */
export const isOneStep = ({ steps }: SolverPlan): boolean =>
  steps.every(({ z, output }) => z.length === 1 && output.length === 1);

/** Returns the coefficients of such a plan. */
export const stepNumbers = ({ steps }: SolverPlan): StepNumbers[] =>
  steps.map(({ t, z: [a], output: [b] }) => [t, a!, b!]);

/**
 * Samples step by step: the loop of training, generation, evaluation and the rollout in either runtime. Each of them
 * takes a step in its own way: {@link Diffusion.step} in a program, kept for its gradient or not, or in an ONNX model.
 * @param z the latents to start from: tensors, or a promise of them
 * @param steps coefficients of the steps to take
 * @param step returns z' = a z + b eps(z, t, c)
 */
export function sampleOneStep<Latents, Numbers extends readonly number[]>(
  z: Latents,
  steps: readonly Numbers[],
  step: (z: Latents, numbers: Numbers, i: number) => Latents,
): Latents {
  for (const [i, numbers] of steps.entries()) z = step(z, numbers, i);
  return z;
}
