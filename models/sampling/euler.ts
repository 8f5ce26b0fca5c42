import type { SolverConfig } from './scheduler-config.ts';
import type { SolverPlan } from './solver-plan.ts';
import { float32Log } from './levels/float32-log.ts';
import { alphaProducts } from './levels/noise-schedule.ts';
import { plus, predictedClean, predictedNoise, times, type Level } from './levels/prediction.ts';
import { finiteSigmas, interpolate, spacedSigmas, timestepOf } from './levels/sigmas.ts';
import { spacedTimesteps } from './levels/spacing.ts';

/**
 * Euler's method in sigma = noise / signal (Karras et al., arXiv 2206.00364, alg. 2 without noise), as in diffusers'
 * EulerDiscreteScheduler and k-diffusion's sample_euler. Latents stay in their own scale.
 *
 *     paper                       here
 *     t_i, t_(i+1)                sigmas[i], sigmas[i + 1], interpolated between training timesteps
 *     x_i                         z / now.signal, where z = signal x0 + noise eps has variance 1
 *     D(x_i)                      x0, the clean latents that the network's output predicts
 *     d_i = (x_i - D(x_i)) / t_i  d, the noise that it predicts
 */
export function eulerSteps(config: SolverConfig<'euler'>, steps: number): SolverPlan {
  const { timesteps, sigmas } = eulerLevels(config, steps);
  const { prediction_type: prediction, timestep_spacing: spacing } = config;
  const plan = timesteps.map((t, i) => {
    const [now, next] = [atSigma(sigmas[i]!), atSigma(sigmas[i + 1]!)];
    const x0 = predictedClean(prediction, now);
    const d = predictedNoise(prediction, now);
    // x' = x + (sigma' - sigma) d = x0 + sigma' d; z' = signal' x'
    const [a, b] = plus(times(x0, next.signal), times(d, next.noise));
    // The pipeline decodes the last latents in the scale of sigma, even if they still contain noise.
    const scale = i === steps - 1 ? 1 / next.signal : 1;
    return { t, z: [scale * a], output: [scale * b] };
  });
  // diffusers multiplies the noise by the largest sigma or, with leading timesteps, by the root of 1 + its square.
  const start = spacing === 'leading' ? 1 : Math.max(...sigmas) * atSigma(sigmas[0]!).signal;
  return { start, steps: plan };
}

/** Returns signal and noise for their ratio; their squares sum to 1. */
const atSigma = (sigma: number): Level => {
  const signal = 1 / Math.sqrt(1 + sigma ** 2);
  return { signal, noise: sigma * signal };
};

function eulerLevels(config: SolverConfig<'euler'>, steps: number): { timesteps: number[]; sigmas: number[] } {
  const trained = finiteSigmas(alphaProducts(config));
  const logs = trained.map(float32Log);
  const spaced = spacedTimesteps(config, steps);
  const along = (i: number) => Math.exp(logs.at(-1)! + (i / steps) * (logs[0]! - logs.at(-1)!));
  const ofTimesteps =
    config.interpolation_type === 'linear'
      ? spaced.map((t) => interpolate(trained, Math.fround(t)))
      : Array.from({ length: steps + 1 }, (_, i) => along(i)); // one more, so that the last is one of these, not the final sigma
  const own = spacedSigmas(config, ofTimesteps, steps);
  const last = config.final_sigmas_type === 'zero' ? 0 : trained[0]!;
  const sigmas = [...(own ?? ofTimesteps), last].map(Math.fround);
  const continuous = config.timestep_type === 'continuous' && config.prediction_type === 'v_prediction';
  const timesteps = continuous
    ? sigmas.slice(0, -1).map((sigma) => 0.25 * Math.log(sigma))
    : (own?.map((sigma) => timestepOf(sigma, logs)) ?? spaced);
  return { timesteps: timesteps.slice(0, steps).map(Math.fround), sigmas };
}
