import { activeStages } from '../../pipeline/pipeline.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import type { Configuration } from '../configuration.ts';
import { planAt, type Plan } from './plan-run.ts';

/**
 * Plans a run and records it, to be executed by `executeRun` or `startDetached`.
 * @param environment where the programs of the configuration are looked for (PATH)
 * @returns the run's id and its plan
 * @throws InputError for what a stage would refuse, as far as that is known before the run
 * @example
 * ```ts
 * import { readConfiguration } from './api/configuration.ts';
 * import { createRun } from './api/runs/create-run.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const home = new Home('.textcraftor');
 * const configuration = await readConfiguration(home, { folder: process.cwd(), hub: { cache: 'hub' } });
 * const { id, plan } = await createRun(home, configuration, process.env);
 * console.log(id, plan.stages.length);
 * ```
 */
export async function createRun(
  home: Home,
  { source, pipeline, settings }: Configuration,
  environment?: NodeJS.ProcessEnv,
): Promise<{ id: string; plan: Plan }> {
  const plan = await planAt(home, pipeline, settings, { environment });
  const graph = activeStages(pipeline, settings);
  const { id } = await new RunRecords(home).create(settings.name, source, settings, graph, plan.planned);
  return { id, plan };
}
