import { betaQuantile } from './beta-quantile.ts';
import { float32Log } from './float32-log.ts';

/** Settings for sampling runs spaced by noise levels, sigma = noise / signal, instead of timesteps. */
export interface SigmaSettings {
  use_karras_sigmas: boolean;
  use_exponential_sigmas: boolean;
  use_beta_sigmas: boolean;
  use_lu_lambdas?: boolean;
  sigma_min: number | null;
  sigma_max: number | null;
}

/**
 * Returns `steps` levels from noise to picture, or undefined if no such spacing is on.
 * @param levels their first and last are the default limits, noisiest first; sigma_max and sigma_min override them
 */
export function spacedSigmas(settings: SigmaSettings, levels: readonly number[], steps: number): number[] | undefined {
  const lowest = settings.sigma_min ?? levels.at(-1)!;
  const highest = settings.sigma_max ?? levels[0]!;
  const along = (f: (x: number) => number) =>
    Array.from({ length: steps }, (_, i) => f(steps === 1 ? 0 : i / (steps - 1)));
  const between = (from: number, to: number) => (x: number) => from + x * (to - from);
  if (settings.use_karras_sigmas) {
    // Karras et al., arXiv 2206.00364, eq. 5
    const root = between(highest ** (1 / 7), lowest ** (1 / 7));
    return along((x) => root(x) ** 7);
  }
  if (settings.use_lu_lambdas) {
    // Lu et al., arXiv 2206.00927: even in log(sigma), from training's first to its last level
    const lambda = between(float32Log(levels[0]!), float32Log(levels.at(-1)!));
    return along((x) => Math.exp(lambda(x)));
  }
  if (settings.use_exponential_sigmas) {
    const lambda = between(Math.log(highest), Math.log(lowest));
    return along((x) => Math.exp(lambda(x)));
  }
  // Lee et al., arXiv 2407.12173
  if (settings.use_beta_sigmas) return along((x) => between(lowest, highest)(betaQuantile(0.6, 1 - x)));
  return undefined;
}

/** Returns the fractional timestep with the level `sigma` in training. @param logs of training's levels, ascending */
export function timestepOf(sigma: number, logs: readonly number[]): number {
  const log = Math.log(Math.max(sigma, 1e-10));
  let low = 0;
  logs.forEach((other, i) => {
    if (log >= other) low = i;
  });
  low = Math.min(low, logs.length - 2);
  const weight = (logs[low]! - log) / (logs[low]! - logs[low + 1]!);
  return low + Math.min(1, Math.max(0, weight));
}

/** numpy.interp over the indices: beyond an end, the end's value holds. */
export function interpolate(values: readonly number[], at: number): number {
  const low = Math.min(values.length - 1, Math.max(0, Math.floor(at)));
  const high = Math.min(values.length - 1, low + 1);
  return values[low]! + Math.min(1, Math.max(0, at - low)) * (values[high]! - values[low]!);
}

/** Returns sigma at each training timestep. For pure noise it is close to float16's maximum, as in diffusers. */
export const finiteSigmas = (alphaProducts: Float64Array): number[] =>
  Array.from(alphaProducts, (alpha) => {
    const some = alpha === 0 ? 2 ** -24 : alpha;
    return Math.fround(Math.sqrt(Math.fround(Math.fround(1 - some) / some)));
  });
