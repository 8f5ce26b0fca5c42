import type { DdimScheduler } from './ddim.ts';
import type { SolverStep } from './solver.ts';
import { stride } from './spacing.ts';

/** Adams-Bashforth weights of the last 1 to 4 outputs, newest first. */
const WEIGHTS = [[1], [3 / 2, -1 / 2], [23 / 12, -16 / 12, 5 / 12], [55 / 24, -59 / 24, 37 / 24, -9 / 24]];

/**
 * Pseudo linear multistep (Liu et al., arXiv 2202.09778, eq. 9, 11 and 12), as diffusers' PNDMScheduler with
 * skip_prk_steps: the second timestep is evaluated twice, and the first step taken again with the mean of both outputs;
 * from then on the last four outputs but that one are combined. `steps` + 1 evaluations.
 */
export function pndmSteps(ddim: DdimScheduler, steps: number): SolverStep[] {
  const timesteps = ddim.timesteps(steps);
  const [first, second] = timesteps;
  const step = (t: number, reference: number, weights: readonly number[], at = t): SolverStep => {
    const { a, b } = ddim.step(t, steps);
    return { t: at, z: [...zeros(reference), a], output: weights.map((weight) => weight * b) };
  };
  if (second === undefined) return [step(first!, 0, [1])];
  return [
    step(first!, 0, [1]),
    // From one stride before the second timestep, which is the first one where these are a stride apart.
    step(second + stride(ddim.config, steps), 1, [1 / 2, 1 / 2], second),
    ...timesteps.slice(1).map((t, i) => step(t, 0, skipSecond(WEIGHTS[Math.min(i + 1, 3)]!, i))),
  ];
}

/**
 * Evaluations are counted 0, 1 (the repeated one, which is not kept), 2 ...: puts a zero where it stands.
 * @param i the evaluation is the (i + 2)-th
 */
function skipSecond(weights: readonly number[], i: number): number[] {
  const place = i + 1; // how many evaluations ago it was
  return place >= weights.length ? [...weights] : [...weights.slice(0, place), 0, ...weights.slice(place)];
}

const zeros = (count: number): number[] => Array<number>(count).fill(0);
