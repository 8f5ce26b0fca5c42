import { formatBytes, formatSeconds } from '../../common/text/format.ts';
import type { RunStatus, StageFile } from '../../pipeline/runs/runs.ts';
import type { Progress } from '../../pipeline/stage.ts';
import { describeSpeed } from '../progress/progress-bar.ts';
import type { Speed } from '../progress/pace.ts';

/** How a stage is shown: a pause cancels its process, a moment before the run is recorded as paused; the stage only waits. */
type ShownStatus = StageFile['status'] | 'paused' | 'stopped';

/** Returns the status to show of a stage. @param run the run's */
export function shownStatus({ status }: StageFile, run?: RunStatus): ShownStatus {
  if (status !== 'cancelled') return status;
  return run === 'paused' ? 'paused' : run === 'running' ? 'stopped' : status;
}

const marks: Record<ShownStatus, string> = {
  pending: '·',
  running: '▸',
  paused: '‖',
  stopped: '‖',
  ran: '✓',
  reused: '✓',
  failed: '✗',
  cancelled: '✗',
  interrupted: '✗',
};

export const markOf = (status: ShownStatus): string => marks[status];

/** Describes the status of a stage, what matters most first. @param run the run's status */
export function describeStage(stage: StageFile, run?: RunStatus, speed?: Speed): string {
  const { why, artifact, progress, error } = stage;
  const made = artifact ? `, ${artifact.sha256.slice(0, 12)}, ${formatBytes(artifact.bytes)}` : '';
  const status = shownStatus(stage, run);
  switch (status) {
    case 'pending':
      return '';
    case 'running':
      return [
        stage.attempt && stage.attempt > 1 ? `attempt ${stage.attempt}` : '',
        stage.items || progress ? describeProgress(stage, speed) : `runs: ${why ?? 'looks for a result'}`,
      ]
        .filter(Boolean)
        .join(', ');
    case 'ran':
      return (
        [`ran in ${formatSeconds(stage.seconds)}`, ...describeReuse(stage), ...describeLoss(stage)].join(', ') + made
      );
    case 'reused':
      return `reused, ${why ?? 'made earlier'}${made}`;
    case 'failed':
      return `failed: ${error?.message ?? 'for an unknown reason'}`;
    case 'paused':
    case 'stopped':
    case 'cancelled':
    case 'interrupted':
      return `${status}${progress ? ` at step ${progress.step} of ${progress.total}` : ''}`;
  }
}

/** Counts the items of a fan-out stage, and those reused. */
function describeReuse({ items }: StageFile): string[] {
  return items ? [`${items.done} items${items.reused > 0 ? `, ${items.reused} of them reused` : ''}`] : [];
}

/** Describes the share of a stage's time spent on checkpoints, heartbeats and the like; empty for short stages. */
function describeLoss({ seconds, bodySeconds, items }: StageFile): string[] {
  if (items || bodySeconds === undefined || seconds < 10) return [];
  return [`${((100 * Math.max(0, seconds - bodySeconds)) / bodySeconds).toFixed(1)} % more than its own work`];
}

/** Returns a stage's progress, if it reports any; items count like steps. */
export function progressOf({ progress, items }: StageFile): Progress | undefined {
  if (!items) return progress;
  const { done: step, total, reused, rows, bytes } = items;
  const metrics = Object.fromEntries(Object.entries({ reused, rows, bytes }).filter(([, value]) => value > 0));
  return { step, total, message: 'items', metrics };
}

function describeProgress(stage: StageFile, speed: Speed | undefined): string {
  const { startedAt } = stage;
  const { step, total, message = '', metrics = {} } = progressOf(stage)!;
  const seconds = startedAt === undefined ? 0 : (Date.now() - Date.parse(startedAt)) / 1000;
  const values = Object.entries(metrics).map(
    ([name, value]) => `${name} ${name === 'bytes' ? formatBytes(value) : Number(value.toPrecision(4))}`,
  );
  const pace = describeSpeed(speed, message === 'bytes' ? 'bytes' : 'count');
  return [...describeCount(step, total, message), ...pace, ...values, formatSeconds(seconds)].join(', ');
}

/** A message may be the unit of the count, or include the count itself. */
function describeCount(step: number, total: number, message: string): string[] {
  if (message === 'bytes') return [`${formatBytes(step)} of ${formatBytes(total)}`];
  const count = `${step} of ${total}`;
  if (total === 0 || message.includes(count)) return [message].filter(Boolean);
  if (/^[a-z]+$/.test(message)) return [`${count} ${message}`];
  return [`step ${count}`, message].filter(Boolean);
}
