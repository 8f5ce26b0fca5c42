import { InputError } from '../../common/errors.ts';
import type { SchedulerFile } from '../../models/sampling/scheduler-config.ts';
import { solverPlan } from '../../models/sampling/solver.ts';
import type { Config } from '../../pipeline/config/config.ts';
import { testSampler } from '../../pipeline/config/sections/test-sampler.ts';

/**
 * Checks that the model's noise schedule allows the steps of tuning and of the comparison.
 * @throws InputError
 * @example
 * ```ts
 * import { inspectSteps } from './api/inspection/inspect-steps.ts';
 * import { loadPipeline } from './models/folder/pipeline-folder.ts';
 * import { readYaml } from './pipeline/config/config-file.ts';
 * import { configSchema } from './pipeline/config/config.ts';
 *
 * const config = configSchema.parse(await readYaml('my.yaml', 'The configuration'));
 * inspectSteps(config, (await loadPipeline(config.model)).config.scheduler);
 * ```
 */
export function inspectSteps(config: Config, scheduler: SchedulerFile): void {
  const { sampler, evaluate } = config;
  named('sampler.steps', () => solverPlan('ddim', scheduler, sampler.steps));
  const { steps, scheduler: solver = 'ddim' } = testSampler(config);
  const key = evaluate.steps === undefined ? 'evaluate.scheduler' : 'evaluate.steps';
  const evaluations = named(key, () => solverPlan(solver, scheduler, steps).steps.length);
  for (const { name, lastSteps = 0 } of evaluate.arms ?? [])
    if (lastSteps > evaluations)
      throw new InputError(
        `evaluate.arms: "${name}" has lastSteps ${lastSteps}; expected at most ${evaluations}, the steps of a picture.`,
      );
}

function named<T>(key: string, f: () => T): T {
  try {
    return f();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${key}: ${error.message}`);
  }
}
