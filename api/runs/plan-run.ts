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
  /** For the run's record. */
  planned: PlannedStages;
  /** What a run fetches before its first stage. */
  fetches: readonly Fetch[];
}

/**
 * The plan of a run on what `home` holds, once nothing is found that a stage would refuse.
 * @throws InputError for what a stage would refuse, as far as that can be known
 */
export async function planAt(
  home: Home,
  pipeline: Pipeline,
  settings: CommonSettings,
  { fetches = [] }: { fetches?: readonly Fetch[] } = {},
): Promise<Plan> {
  const absent = new Map(fetches.map(({ path, name }) => [path, name]));
  const facts = await inspectRun(pipeline, settings, new Set(absent.keys()));
  const code = new CodeDigests(home.codeDigests);
  const keys = new KeyMaker(new ExternalDigests(home.externalDigests), code);
  const records = { keys, results: new ResultIndex(home.results), store: new ArtifactStore(home.artifacts) };
  return {
    stages: await planRun(pipeline, settings, records, { absent, facts }),
    planned: await plannedStages(pipeline, settings, code, facts),
    fetches,
  };
}

/** A line a stage, what is fetched, and how long it all may take. */
export function formatPlan({ stages, fetches }: Pick<Plan, 'stages' | 'fetches'>): string {
  const rows = stages.map(({ stage, action, why, estimate }) => [
    action,
    stage,
    action === 'reuse' ? '' : estimate ? `about ${formatSeconds(estimate.seconds)}` : 'unknown',
    action === 'run' && estimate ? `${why} (${estimate.from})` : why,
  ]);
  const fetched = fetches.map(
    ({ kind, name, bytes }) =>
      `fetch   ${kind === 'model' ? 'model' : 'data set'} ${name}: ${bytes === undefined ? 'size unknown (there is no such path here, and the hub does not answer)' : formatBytes(bytes)}`,
  );
  return [...fetched, formatTable(rows), describeTotal(stages)].join('\n');
}

function describeTotal(stages: readonly PlannedStage[]): string {
  const running = stages.filter(({ action }) => action === 'run');
  if (running.length === 0) return 'Nothing to do: every result is there.';
  const unknown = running.filter(({ estimate }) => !estimate).length;
  const head = `${running.length} of ${stages.length} stages run`;
  if (unknown === running.length) return `${head}; how long they take is unknown: nothing like them was measured.`;
  const more = unknown > 0 ? ` and ${unknown} of unknown time` : '';
  return `${head}, about ${formatSeconds(secondsOf(stages))}${more}.`;
}

/** Of the stages whose time is known. */
const secondsOf = (stages: readonly PlannedStage[]): number =>
  stages.reduce((sum, { action, estimate }) => sum + (action === 'run' ? (estimate?.seconds ?? 0) : 0), 0);

const day = 86_400;

/** A line to read before a run that takes a day or more; undefined for a shorter one. */
export function warnOfLength({ stages }: Pick<Plan, 'stages'>): string | undefined {
  const seconds = secondsOf(stages);
  if (seconds < day) return undefined;
  const rough = stages.some(({ estimate }) => estimate && estimate.basis !== 'measured');
  return `This run takes about ${formatSeconds(seconds)} on this machine${rough ? ', by a rough estimate' : ''}; see: textcraftor plan. Ctrl-C ends it, and "textcraftor resume" goes on from there.`;
}
