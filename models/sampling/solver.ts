import { InputError } from '../../common/errors.ts';
import { solverConfig, type SchedulerFile } from './scheduler-config.ts';
import { ddimSteps } from './ddim.ts';
import { dpmSolverSteps } from './dpm-solver.ts';
import { eulerSteps } from './euler.ts';
import type { SolverPlan } from './solver-plan.ts';
import { schedulerNames, type SchedulerName } from './scheduler-names.ts';
import { pndmSteps } from './pndm.ts';

/**
 * Plans a sampling run of `steps` steps.
 * @param file the folder's scheduler, of any class; its keys count as in diffusers' `from_config`
 * @throws InputError if the noise schedule does not allow that many steps; or that names a key of the file that the
 *   scheduler cannot apply
 */
export function solverPlan(name: SchedulerName, file: SchedulerFile, steps: number): SolverPlan {
  const { num_train_timesteps: count } = solverConfig(name, file);
  if (!Number.isInteger(steps) || steps < 1 || steps > count)
    throw new InputError(`${steps} sampling steps are not possible; this noise schedule has ${count} timesteps.`);
  const plan = planOf(name, file, steps);
  const at = plan.steps.findIndex(({ z, output }) => ![...z, ...output].every(Number.isFinite));
  if (at >= 0)
    throw new InputError(
      `${file.source}: with ${steps} steps, evaluation ${at + 1} of ${name} at timestep ${plan.steps[at]!.t} is not a finite number; use another scheduler or another number of steps.`,
    );
  return plan;
}

function planOf(name: SchedulerName, file: SchedulerFile, steps: number): SolverPlan {
  switch (name) {
    case 'ddim':
      return ddimSteps(file, steps);
    case 'pndm':
      return pndmSteps(solverConfig(name, file), file, steps);
    case 'dpm-solver++':
      return dpmSolverSteps(solverConfig(name, file), steps);
    case 'euler':
      return eulerSteps(solverConfig(name, file), steps);
  }
}

/** @throws InputError that lists the names */
export function schedulerNamed(name: string): SchedulerName {
  const found = schedulerNames.find((known) => known === name);
  if (!found) throw new InputError(`The scheduler "${name}" is unknown; expected one of ${schedulerNames.join(', ')}.`);
  return found;
}
