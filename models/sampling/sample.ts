import type { Tensor } from '../../engine/tensorflow.ts';
import { sampleMultistep } from './multistep.ts';
import { isOneStep, sampleOneStep, stepNumbers, type StepNumbers } from './one-step.ts';
import type { SolverPlan } from './solver-plan.ts';

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
  const total = plan.steps.length;
  const { from = 0, until = total, progress } = options;
  if (from >= until) return noise.clone();
  const start = from === 0 && plan.start !== 1 ? noise.mul(plan.start) : noise.clone();
  if (isOneStep(plan))
    return sampleOneStep(start, stepNumbers(plan).slice(from, until), (z, numbers, i) => {
      const next = evaluate(from + i, z, numbers);
      z.dispose();
      progress?.(from + i + 1, total);
      return next;
    });
  if (from > 0 || until < total) throw new RangeError('a multistep run cannot begin or end at an intermediate step');
  return sampleMultistep(start, plan.steps, (z, t, i) => {
    const output = evaluate(i, z, [t, 0, 1]);
    progress?.(i + 1, total);
    return output;
  });
}
