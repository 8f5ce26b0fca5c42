import { mean } from '../../common/statistics.ts';

/**
 * The formulas of DDPO (Black et al., arXiv 2305.13301): each denoising step with eta > 0 is an action of a Gaussian
 * policy, z' ~ N(mean, sigma^2).
 */

/**
 * Returns the log-probability of each sample's step, averaged over the values of its latents (as in ddpo-pytorch and
 * TRL, so that the clipping range does not depend on the resolution).
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
  /** dloss / dlog p_new of each sample; 0 once the ratio has left the range in the advantage's direction. */
  gradients: Float64Array;
  /** Share of the samples whose ratio is outside the range. */
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

/** Computes dloss / dmean of a step from dloss / dlog p: (z' - mean) / (sigma^2 values). */
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
 * Returns the advantages: how much better a trajectory's reward is than its group's mean, in standard deviations,
 * clipped. A group is the (adjacent) trajectories from one start, so that hard prompts do not drown the others; with
 * groups of 1, it is the whole batch.
 */
export function advantagesOf(rewards: Float64Array, group: number, largest: number): Float64Array {
  const size = group > 1 ? group : rewards.length;
  return rewards.map((reward, i) => {
    const own = rewards.subarray(Math.floor(i / size) * size, (Math.floor(i / size) + 1) * size);
    const center = mean(own);
    const deviation = Math.sqrt(own.reduce((a, b) => a + (b - center) ** 2, 0) / own.length);
    return Math.min(Math.max((reward - center) / (deviation + 1e-8), -largest), largest);
  });
}
