import type { Garbage } from '../../pipeline/store/gc.ts';
import { formatBytes } from '../../common/text/format.ts';

/** Says what is deleted, and which results later runs will have to make again. */
export function formatGarbage(garbage: Garbage, dryRun: boolean): string {
  const unknown = garbage.damaged.map(
    ({ run, folder }) =>
      `The record of run ${run} cannot be read, so whatever it may need is kept; to free that too, move ${folder} elsewhere and run gc again.`,
  );
  return [formatDeleted(garbage, dryRun), ...unknown].join('\n');
}

function formatDeleted({ artifacts, work, runs, bytes, uncacheable }: Garbage, dryRun: boolean): string {
  if (artifacts.length === 0 && work.length === 0 && runs.length === 0)
    return 'Nothing to delete: runs or registered encoders need everything.';
  const parts = [
    ...(artifacts.length > 0 || runs.length === 0 ? [count(artifacts.length, 'artifact')] : []),
    ...(runs.length > 0 ? [count(runs.length, 'old run')] : []),
    ...(work.length > 0 ? [count(work.length, 'unfinished work')] : []),
  ];
  const lines = [`${dryRun ? 'Would delete' : 'Deleted'} ${parts.join(' and ')}: ${formatBytes(bytes)}.`];
  for (const { run, bytes } of runs) lines.push(`  run ${run}: ${formatBytes(bytes)}`);
  for (const [stage, number] of Object.entries(uncacheable).toSorted())
    lines.push(`  ${stage}: ${count(number, 'result')} that a run with the same settings has to make again`);
  return lines.join('\n');
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 || what.endsWith('work') ? '' : 's'}`;
}
