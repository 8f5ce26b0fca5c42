import { CodeDigests } from '../../pipeline/keys/code-digests.ts';
import { ExternalDigests } from '../../pipeline/keys/external-inputs.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { inspectRun } from '../../pipeline/inspection.ts';
import { KeyMaker } from '../../pipeline/keys/key.ts';
import { planRun, type PlannedStage } from '../../pipeline/plan.ts';
import { plannedStages, type PlannedStages } from '../../pipeline/runs/planned.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import type { CommonSettings } from '../../pipeline/common-settings.ts';
import { ResultIndex } from '../../pipeline/store/stage-results.ts';
import { ArtifactStore } from '../../pipeline/store/artifact-store.ts';
import type { Fetch } from '../hub/look-up-hub.ts';

export interface Plan {
  stages: PlannedStage[];
  /** The same stages as the run's record keeps them. */
  planned: PlannedStages;
  /** Downloads before the first stage. */
  fetches: readonly Fetch[];
}

/**
 * Plans a run on what `home` holds, after checking that no stage would refuse its inputs.
 * @param environment in which programs that the settings name will start; they are not checked without it
 * @throws InputError for what a stage would refuse, as far as that is known before the run
 * @example
 * ```ts
 * import { readConfiguration } from './api/configuration.ts';
 * import { planAt } from './api/runs/plan-run.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const home = new Home('.textcraftor');
 * const { pipeline, settings } = await readConfiguration(home, { folder: process.cwd(), hub: { cache: 'hub' } });
 * const { stages } = await planAt(home, pipeline, settings);
 * console.log(stages.map(({ stage, action, why }) => `${stage}: ${action}, ${why}`));
 * ```
 */
export async function planAt(
  home: Home,
  pipeline: Pipeline,
  settings: CommonSettings,
  { fetches = [], environment }: { fetches?: readonly Fetch[]; environment?: NodeJS.ProcessEnv | undefined } = {},
): Promise<Plan> {
  const absent = new Map(fetches.map(({ path, name }) => [path, name]));
  const facts = await inspectRun(pipeline, settings, { absent: new Set(absent.keys()), environment });
  const code = new CodeDigests(home.codeDigests);
  const keys = new KeyMaker(new ExternalDigests(home.externalDigests), code);
  const records = { keys, results: new ResultIndex(home.results), store: new ArtifactStore(home.artifacts) };
  return {
    stages: await planRun(pipeline, settings, records, { absent, facts }),
    planned: await plannedStages(pipeline, settings, code, facts),
    fetches,
  };
}
