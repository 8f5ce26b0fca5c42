import type { Tensor } from '../../engine/tensorflow.ts';
import type { TakenStep } from '../kept-activations.ts';
import type { LastSteps } from '../last-steps.ts';

/** Latents after the last step, which are scored, and the steps that carry their gradient, first to last. */
export interface Pass {
  z0: Tensor;
  steps: readonly TakenStep[];
}

/** Which of the last K steps carry gradient. The others of them run under the tuned networks all the same. */
export interface GradientVariant {
  /** How many of the last `available` steps carry gradient at a 1-based training step. */
  stepsWithGradient(available: number, step: number): number;
  /** Takes the steps; the loss is the mean over the passes. */
  passes(last: LastSteps, step: number): Pass[];
}

/** A variant of a single pass. */
export const singlePass = (stepsWithGradient: GradientVariant['stepsWithGradient']): GradientVariant => ({
  stepsWithGradient,
  passes(last, step) {
    const steps = last.take(stepsWithGradient(last.count, step));
    return [{ z0: steps.at(-1)!.z, steps }];
  },
});
