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
import { formatBytes, formatSeconds, formatTable } from '../../common/text/format.ts';
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
 * import { formatPlan, planAt } from './api/runs/plan-run.ts';
 * import { loadConfig } from './pipeline/config/config-file.ts';
 * import { loadPipeline } from './pipeline/load.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const pipeline = await loadPipeline('textcraftor');
 * const settings = await loadConfig(pipeline, { file: 'configs/tiny.yaml', folder: process.cwd() });
 * console.log(formatPlan(await planAt(new Home('.textcraftor'), pipeline, settings)));
 * ```
 */
export async function planAt(
  home: Home,
  pipeline: Pipeline,
  settings: CommonSettings,
  { fetches = [], environment }: { fetches?: readonly Fetch[]; environment?: NodeJS.ProcessEnv } = {},
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

/** Formats a plan: a line for each download and stage, and the estimated time in all. */
export function formatPlan({ stages, fetches }: Pick<Plan, 'stages' | 'fetches'>): string {
  const rows = stages.map(({ stage, action, why, estimate }) => [
    action,
    stage,
    action === 'reuse' ? '' : estimate ? `about ${formatSeconds(estimate.seconds)}` : 'unknown',
    action === 'run' && estimate ? `${why} (${estimate.from})` : why,
  ]);
  const fetched = fetches.map(
    ({ kind, name, bytes }) =>
      `fetch   ${kind === 'model' ? 'model' : 'data set'} ${name}: ${bytes === undefined ? 'size unknown (no such path exists here, and the hub does not answer)' : formatBytes(bytes)}`,
  );
  return [...fetched, formatTable(rows), describeTotal(stages)].join('\n');
}

function describeTotal(stages: readonly PlannedStage[]): string {
  const running = stages.filter(({ action }) => action === 'run');
  if (running.length === 0) return 'Nothing to do: every stage has a result.';
  const unknown = running.filter(({ estimate }) => !estimate).length;
  const head = `${running.length} of ${stages.length} stages run`;
  if (unknown === running.length) return `${head}; the time is unknown: no similar stage was measured.`;
  const more = unknown > 0 ? ` plus ${unknown} of unknown time` : '';
  return `${head}, about ${formatSeconds(secondsOf(stages))}${more}.`;
}

/** Estimated seconds of the stages whose time is known. */
const secondsOf = (stages: readonly PlannedStage[]): number =>
  stages.reduce((sum, { action, estimate }) => sum + (action === 'run' ? (estimate?.seconds ?? 0) : 0), 0);

const day = 86_400;

/** Returns a warning for a run of a day or more; undefined for a shorter one. */
export function warnOfLength({ stages }: Pick<Plan, 'stages'>): string | undefined {
  const seconds = secondsOf(stages);
  if (seconds < day) return undefined;
  const rough = stages.some(({ estimate }) => estimate && estimate.basis !== 'measured');
  return `This run takes about ${formatSeconds(seconds)} on this machine${rough ? ', by a rough estimate' : ''}; see: textcraftor plan. Ctrl-C ends it, and "textcraftor resume" continues it.`;
}
