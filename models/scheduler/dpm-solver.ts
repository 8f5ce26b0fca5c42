import { InputError } from '../../common/errors.ts';
import type { DdimScheduler } from './ddim.ts';
import type { SolverStep } from './solver.ts';

/** Signal, noise and half the log of their squares' ratio at a timestep. */
interface Level {
  alpha: number;
  sigma: number;
  lambda: number;
}
const level = (alphaSquared: number): Level => {
  const [alpha, sigma] = [Math.sqrt(alphaSquared), Math.sqrt(1 - alphaSquared)];
  return { alpha, sigma, lambda: Math.log(alpha) - Math.log(sigma) };
};

/**
 * DPM-Solver++(2M) (Lu et al., arXiv 2211.01095, alg. 2), as diffusers' DPMSolverMultistepScheduler of order 2, midpoint:
 * x0 is predicted, and extrapolated by its last two values; the first and the last step are of order 1, and the last one
 * ends without noise.
 */
export function dpmSolverSteps(ddim: DdimScheduler, steps: number): SolverStep[] {
  const { num_train_timesteps: count, timestep_spacing: spacing, prediction_type } = ddim.config;
  if (steps >= count)
    throw new InputError(`${steps} sampling steps are too many for DPM-Solver++ on ${count} timesteps.`);
  // The picture counts as a timestep, but where these trail.
  const timesteps = ddim.timesteps(spacing === 'trailing' ? steps : steps + 1).slice(0, steps);
  const levels = [...timesteps.map((t) => level(ddim.alphasCumprod[t]!)), level(1)];
  /** x0 = z[0] z + output[0] output at an evaluation. */
  const x0 = ({ alpha, sigma }: Level): [z: number, output: number] =>
    prediction_type === 'v_prediction' ? [alpha, -sigma] : [1 / alpha, -sigma / alpha];
  return timesteps.map((t, i) => {
    const [now, next] = [levels[i]!, levels[i + 1]!];
    // x' = (sigma' / sigma) z + factor D, D = x0 + (x0 - x0 before) / (2 r)
    const ratio = next.sigma / now.sigma;
    const factor = -next.alpha * Math.expm1(now.lambda - next.lambda);
    const [fromZ, fromOutput] = x0(now);
    if (i === 0 || i === steps - 1) return { t, z: [ratio + factor * fromZ], output: [factor * fromOutput] };
    const before = levels[i - 1]!;
    const half = (next.lambda - now.lambda) / (now.lambda - before.lambda) / 2;
    const [earlierZ, earlierOutput] = x0(before);
    return {
      t,
      z: [ratio + factor * (1 + half) * fromZ, -factor * half * earlierZ],
      output: [factor * (1 + half) * fromOutput, -factor * half * earlierOutput],
    };
  });
}
