import { DdimSchedule } from './levels/ddim-schedule.ts';
import {
  plus,
  predictedClean,
  predictedNoise,
  times,
  type Level,
  type Linear,
  type Prediction,
} from './levels/prediction.ts';
import type { SolverPlan } from './solver-plan.ts';
import type { SchedulerFile } from './scheduler-config.ts';

/**
 * Denoising diffusion implicit models (Song et al., arXiv 2010.02502) with eta = 0.
 *
 *     paper                             here
 *     alpha_t                           alphasCumprod[t]
 *     sqrt(alpha_t), sqrt(1 - alpha_t)  now.signal, now.noise; next.signal, next.noise for alpha_(t-1)
 *     x_t, eps_theta(x_t)               z and the network's output, of which all values here are weights
 *
 * @throws InputError as {@link DdimSchedule}
 */
export function ddimSteps(file: SchedulerFile, steps: number): SolverPlan {
  const schedule = new DdimSchedule(file);
  const plan = schedule.timesteps(steps).map((t) => {
    const { now, next } = schedule.levels(t, steps);
    const [a, b] = ddimStep(schedule.prediction, now, next); // z' = a z + b output
    return { t, z: [a], output: [b] };
  });
  return { start: 1, steps: plan };
}

/** Takes one step (eq. 12 with sigma = 0): predicts x0, then adds the same noise at the next level. */
export function ddimStep(prediction: Exclude<Prediction, 'flow_prediction'>, now: Level, next: Level): Linear {
  const x0 = predictedClean(prediction, now); // (x_t - sqrt(1 - alpha_t) eps) / sqrt(alpha_t)
  const eps = predictedNoise(prediction, now);
  return plus(times(x0, next.signal), times(eps, next.noise)); // sqrt(alpha_(t-1)) x0 + sqrt(1 - alpha_(t-1)) eps
}

/**
 * Takes the step from timestep t with noise: z' ~ N(a z + b output, sigma^2), where sigma is eta times that of the
 * diffusion's own posterior (eq. 12 and 16; eta = 1 is ancestral sampling). A step that ends at zero noise has sigma 0.
 */
export function stochasticStep(
  schedule: DdimSchedule,
  t: number,
  steps: number,
  eta: number,
): { a: number; b: number; sigma: number } {
  const { now, next } = schedule.levels(t, steps);
  const ratio = (now.signal / next.signal) ** 2; // alpha_t / alpha_(t-1)
  const sigma = eta * (next.noise / now.noise) * Math.sqrt(1 - ratio);
  const direction = Math.sqrt(Math.max(0, next.noise ** 2 - sigma ** 2)); // sqrt(1 - alpha_(t-1) - sigma^2)
  const [a, b] = ddimStep(schedule.prediction, now, { signal: next.signal, noise: direction });
  return { a, b, sigma };
}
