import type { DdimScheduler } from './ddim.ts';
import type { SolverStep } from './solver.ts';
import { spacedTimesteps } from './spacing.ts';

/**
 * Euler's method in sigma = sqrt(1 - alpha) / sqrt(alpha) (Karras et al., arXiv 2206.00364, alg. 2 without noise), as
 * diffusers' EulerDiscreteScheduler, with latents in their own scale: DDIM's step, from each timestep to the next one; the
 * last one ends without noise. Timesteps between two of training's have a sigma between theirs.
 */
export function eulerSteps(ddim: DdimScheduler, steps: number): SolverStep[] {
  const sigmas = ddim.alphasCumprod.map((alpha) => Math.sqrt((1 - alpha) / alpha));
  const timesteps = spacedTimesteps(ddim.config, steps).map(Math.fround);
  const levels = [...timesteps.map((t) => interpolate(sigmas, t)), 0];
  return timesteps.map((t, i) => {
    const [sigma, next] = [levels[i]!, levels[i + 1]!];
    const [signal, nextSignal] = [1 / Math.sqrt(1 + sigma ** 2), 1 / Math.sqrt(1 + next ** 2)];
    // z = signal x, x' = x + (sigma' - sigma) epsilon
    const scale = nextSignal / signal;
    const toward = nextSignal * (next - sigma);
    // epsilon = signal (v + sigma z)
    return ddim.config.prediction_type === 'v_prediction'
      ? { t, z: [scale + toward * signal * sigma], output: [toward * signal] }
      : { t, z: [scale], output: [toward] };
  });
}

function interpolate(values: Float64Array, at: number): number {
  const floor = Math.floor(at);
  const low = values[floor]!;
  return at === floor ? low : low + (at - floor) * (values[floor + 1]! - low);
}
