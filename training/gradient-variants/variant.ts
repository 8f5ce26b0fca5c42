import type { Tensor } from '../../engine/tensorflow.ts';
import type { TakenStep } from '../kept-activations.ts';
import type { LastSteps } from '../last-steps.ts';

/** The latents to score, after the last step, and the steps that carry their gradient, first to last. */
export interface Pass {
  z0: Tensor;
  steps: readonly TakenStep[];
}

/** Chooses which of the last K steps carry gradient. The others of the K also run under the tuned networks. */
export interface GradientVariant {
  /** Returns how many of the last `available` steps carry gradient at this 1-based training step. */
  stepsWithGradient(available: number, step: number): number;
  /** Takes the steps; the loss is the mean over the passes. */
  passes(last: LastSteps, step: number): Pass[];
}

/** Makes a variant with a single pass. */
export const singlePass = (stepsWithGradient: GradientVariant['stepsWithGradient']): GradientVariant => ({
  stepsWithGradient,
  passes(last, step) {
    const steps = last.take(stepsWithGradient(last.count, step));
    return [{ z0: steps.at(-1)!.z, steps }];
  },
});
