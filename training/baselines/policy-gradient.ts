import { mean } from '../../common/statistics.ts';

/**
 * The formulas of DDPO (Black et al., arXiv 2305.13301): each denoising step with eta > 0 is an action of a Gaussian
 * policy, z' ~ N(mean, sigma^2).
 */

/**
 * Log-probability of each sample's step, averaged over the values of its latents (as ddpo-pytorch and TRL do, so that
 * the ratio's clipping range does not depend on the resolution).
 * @param next, mean [samples, values], row-major
 */
export function logProbabilities(next: Float32Array, mean: Float32Array, sigma: number, samples: number): Float64Array {
  const size = next.length / samples;
  const constant = -Math.log(sigma) - Math.log(2 * Math.PI) / 2;
  return Float64Array.from({ length: samples }, (_, i) => {
    let square = 0;
    for (let k = i * size; k < (i + 1) * size; k++) square += (next[k]! - mean[k]!) ** 2;
    return constant - square / (2 * sigma ** 2 * size);
  });
}

/** One step's part of the clipped objective (PPO, Schulman et al., arXiv 1707.06347, eq. 7), to be minimized. */
export interface Surrogate {
  /** Mean over the samples of max(-A r, -A clip(r, 1 - range, 1 + range)), r = p_new / p_old. */
  loss: number;
  /** dloss / dlog p_new of each sample; 0 where the ratio has left the range to the side that the advantage wants. */
  gradients: Float64Array;
  /** Share of the samples whose ratio is out of the range. */
  clipped: number;
}

export function surrogate(
  logNew: Float64Array,
  logOld: Float64Array,
  advantages: Float64Array,
  range: number,
): Surrogate {
  const samples = logNew.length;
  let [loss, clipped] = [0, 0];
  const gradients = logNew.map((value, i) => {
    const ratio = Math.exp(value - logOld[i]!);
    const bounded = Math.min(Math.max(ratio, 1 - range), 1 + range);
    const [free, bound] = [-advantages[i]! * ratio, -advantages[i]! * bounded];
    if (ratio !== bounded) clipped++;
    loss += Math.max(free, bound) / samples;
    return free >= bound ? free / samples : 0;
  });
  return { loss, gradients, clipped: clipped / samples };
}

/** dloss / dmean of a step from dloss / dlog p: (z' - mean) / (sigma^2 values). */
export function meanGradient(
  next: Float32Array,
  mean: Float32Array,
  sigma: number,
  gradients: Float64Array,
): Float32Array {
  const size = next.length / gradients.length;
  return next.map((value, k) => (gradients[Math.floor(k / size)]! * (value - mean[k]!)) / (sigma ** 2 * size));
}

/**
 * Rewards in standard deviations over their group, clipped: what an action was better by than others. Trajectories from
 * the same start (neighbours) are a group, so that hard prompts do not drown the others; groups of 1: the whole batch.
 */
export function advantagesOf(rewards: Float64Array, group: number, largest: number): Float64Array {
  const size = group > 1 ? group : rewards.length;
  return rewards.map((reward, i) => {
    const own = rewards.subarray(Math.floor(i / size) * size, (Math.floor(i / size) + 1) * size);
    const centre = mean(own);
    const deviation = Math.sqrt(own.reduce((a, b) => a + (b - centre) ** 2, 0) / own.length);
    return Math.min(Math.max((reward - centre) / (deviation + 1e-8), -largest), largest);
  });
}
