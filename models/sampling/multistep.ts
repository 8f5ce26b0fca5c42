/**
 * One evaluation of the network and what follows from it, for the i-th one:
 * z_(i+1) = sum_j z[j] z_(i-j) + sum_j output[j] output_(i-j), where z_i is what the network sees at timestep t.
 */
export interface SolverStep {
  t: number;
  z: readonly number[];
  output: readonly number[];
}

/** A sampling run as linear multistep formulas, in the latents' own scale. */
export interface SolverPlan {
  /** z_0 = start * noise, of deviation 1. */
  start: number;
  steps: SolverStep[];
}

/** Weights of the values that evaluations had, which are counted from 0. */
export type Weighted = readonly (readonly [evaluation: number, weight: number])[];

/** The i-th step, of weights by evaluation. */
export const solverStep = (t: number, i: number, z: Weighted, output: Weighted): SolverStep => ({
  t,
  z: byAge(z, i),
  output: byAge(output, i),
});

/** Newest first, up to the oldest that counts. */
function byAge(weights: Weighted, i: number): number[] {
  const oldest = Math.min(i, ...weights.map(([evaluation]) => evaluation));
  const values = Array<number>(i - oldest + 1).fill(0);
  for (const [evaluation, weight] of weights) values[i - evaluation]! += weight;
  return values;
}
