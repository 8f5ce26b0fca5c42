import { InputError } from '../../common/errors.ts';
import { DdimScheduler, type SchedulerConfig } from './ddim.ts';
import { dpmSolverSteps } from './dpm-solver.ts';
import { eulerSteps } from './euler.ts';
import { solverNames, type SolverName } from './names.ts';
import { pndmSteps } from './pndm.ts';

export type { SolverName };

/**
 * One evaluation of the network and what follows from it, for the i-th one:
 * z_(i+1) = sum_j z[j] z_(i-j) + sum_j output[j] output_(i-j), where z_i is what the network sees at timestep t.
 */
export interface SolverStep {
  t: number;
  z: readonly number[];
  output: readonly number[];
}

/**
 * A sampling run of `steps` steps as linear multistep formulas, in the latents' own scale.
 * @throws InputError when the noise schedule cannot take that many steps
 */
export function solverSteps(name: SolverName, config: SchedulerConfig, steps: number): SolverStep[] {
  const ddim = new DdimScheduler(config);
  const timesteps = ddim.timesteps(steps);
  switch (name) {
    case 'ddim':
      return timesteps.map((t) => {
        const { a, b } = ddim.step(t, steps);
        return { t, z: [a], output: [b] };
      });
    case 'pndm':
      return pndmSteps(ddim, steps);
    case 'dpm-solver++':
      return dpmSolverSteps(ddim, steps);
    case 'euler':
      return eulerSteps(ddim, steps);
  }
}

/** Whether every step needs the last evaluation alone, so that a run can begin at any of them. */
export const isOneStep = (steps: readonly SolverStep[]): boolean =>
  steps.every(({ z, output }) => z.length === 1 && output.length === 1);

/** @throws InputError that lists the names */
export function solverNamed(name: string): SolverName {
  const found = solverNames.find((known) => known === name);
  if (!found) throw new InputError(`The scheduler "${name}" is not known; there are ${solverNames.join(', ')}.`);
  return found;
}
