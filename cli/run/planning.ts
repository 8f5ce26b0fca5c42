import { CodeDigests } from '../../pipeline/code-digests.ts';
import { ExternalDigests } from '../../pipeline/external.ts';
import type { Home } from '../../pipeline/home.ts';
import { KeyMaker } from '../../pipeline/key.ts';
import { planRun, type PlannedStage } from '../../pipeline/plan.ts';
import type { CommonSettings, Pipeline } from '../../pipeline/pipeline.ts';
import { ResultIndex } from '../../pipeline/results.ts';
import { ArtifactStore } from '../../pipeline/store.ts';
import { formatSeconds, formatTable } from '../format.ts';

/** The plan of a run on what `home` holds. @throws InputError when a file that the configuration names is missing */
export function planAt(
  home: Home,
  pipeline: Pipeline,
  settings: CommonSettings,
  fresh: readonly string[] = [],
): Promise<PlannedStage[]> {
  const keys = new KeyMaker(new ExternalDigests(home.externalDigests), new CodeDigests(home.codeDigests));
  const records = { keys, results: new ResultIndex(home.results), store: new ArtifactStore(home.artifacts) };
  return planRun(pipeline, settings, records, new Set(fresh));
}

/** A line a stage, and how long it all may take. */
export function formatPlan(plan: readonly PlannedStage[]): string {
  const rows = plan.map(({ stage, action, why, estimatedSeconds }) => [
    action,
    stage,
    action === 'run' && estimatedSeconds !== undefined ? `about ${formatSeconds(estimatedSeconds)}` : '',
    why,
  ]);
  const running = plan.filter(({ action }) => action === 'run');
  const unknown = running.filter(({ estimatedSeconds }) => estimatedSeconds === undefined).length;
  const seconds = running.reduce((sum, { estimatedSeconds }) => sum + (estimatedSeconds ?? 0), 0);
  const total =
    running.length === 0
      ? 'Nothing to do: every result is there.'
      : unknown === running.length
        ? `${running.length} of ${plan.length} stages run.`
        : `${running.length} of ${plan.length} stages run, about ${formatSeconds(seconds)}${unknown > 0 ? ` and ${unknown} that never ran before` : ''}.`;
  return `${formatTable(rows)}\n${total}`;
}
