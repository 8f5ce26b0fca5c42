import type { NamedComparison } from '../../evaluation/results.ts';
import type { Measured } from '../../evaluation/registration.ts';

/** A tuned encoder that was chosen on validation prompts, in the two forms that were judged. */
export interface JudgedEncoder {
  /** Its label: `run tiny-20261124-030000`, `tiny@3`. */
  label: string;
  /** The diffusers folder that it was tuned for. */
  model?: string;
  /**
   * The tuned encoder. The last K denoising steps use a share `blend` of its embeddings, and the tuned UNet if there is
   * one.
   */
  chosen: { textEncoder: string; step: number; blend: number; unet?: string; unetStep?: number };
  /**
   * The exported form: one encoder with a share `weight` of the tuned weights, and the UNet, both used in all steps.
   * Undefined when no weight was better than the original.
   */
  exported?: { textEncoder: string; step: number; weight: number; unet?: string; unetStep?: number };
  /** Both forms against the base and against each other on test prompts; empty before the evaluation. */
  comparisons: NamedComparison[];
  /** Settings of the measurement; undefined for a version whose pipeline made no pictures. */
  measured?: Measured;
}

/**
 * Returns the number of last steps of `steps` that correspond to those in which an encoder was judged; undefined if that is
 * not known.
 * @example
 * ```ts
 * import { encoderNamed } from './api/encoders/find-encoder.ts';
 * import { judgedSteps } from './api/encoders/judged-encoder.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const last = judgedSteps(await encoderNamed(new Home('.textcraftor'), 'production'), 25);
 * ```
 */
export const judgedSteps = (encoder: JudgedEncoder | undefined, steps: number): number | undefined =>
  encoder?.measured &&
  Math.max(1, Math.round((encoder.measured.sampler.gradientSteps * steps) / encoder.measured.sampler.steps));
