/**
 * The i-th evaluation of the network and the step that follows from it:
 * z_(i+1) = sum_j z[j] z_(i-j) + sum_j output[j] output_(i-j), where z_i is what the network sees at timestep t.
 */
export interface SolverStep {
  t: number;
  z: readonly number[];
  output: readonly number[];
}

/** A sampling run as linear multistep formulas, in the scale of the latents. */
export interface SolverPlan {
  /** z_0 = start * noise, where the noise has standard deviation 1. */
  start: number;
  steps: SolverStep[];
}

/** Weights of values by evaluation, counted from 0. */
export type Weighted = readonly (readonly [evaluation: number, weight: number])[];

/** Makes the i-th step from weights by evaluation. */
export const solverStep = (t: number, i: number, z: Weighted, output: Weighted): SolverStep => ({
  t,
  z: byAge(z, i),
  output: byAge(output, i),
});

/** Orders weights from the newest to the oldest evaluation that has one. */
function byAge(weights: Weighted, i: number): number[] {
  const oldest = Math.min(i, ...weights.map(([evaluation]) => evaluation));
  const values = Array<number>(i - oldest + 1).fill(0);
  for (const [evaluation, weight] of weights) values[i - evaluation]! += weight;
  return values;
}
