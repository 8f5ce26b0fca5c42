import type { Plan } from '../../api/runs/plan-run.ts';
import type { PlannedStage } from '../../pipeline/plan.ts';
import { formatBytes, formatSeconds, formatTable } from '../../common/text/format.ts';

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
  return `This run takes about ${formatSeconds(seconds)} on this machine${rough ? ', by a rough estimate' : ''}. Ctrl-C ends it, and "textcraftor resume" continues it.`;
}
