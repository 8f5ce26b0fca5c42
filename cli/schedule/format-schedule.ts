import type { ShownSchedule } from '../../api/schedules/manage-schedules.ts';
import type { ScheduleState } from '../../api/schedules/schedule-control.ts';
import { formatTable } from '../../common/text/format.ts';
import type { Batch } from '../../registry/schedules/schedule-files.ts';

const minute = (time: string): string => time.slice(0, 16).replace('T', ' ');

export function formatSchedules(states: readonly ScheduleState[]): string {
  if (states.length === 0) return 'There are no schedules yet; create one with: textcraftor schedule create';
  return formatTable(
    states.map(({ name, paused, next, running }) => [
      name,
      running.length > 0 ? 'retrains now' : paused ? 'paused' : 'waits',
      paused || next[0] === undefined ? '' : `next at ${minute(next[0])}`,
    ]),
  );
}

export function formatSchedule({ config, warmStart, batches, ...state }: ShownSchedule): string {
  const { source } = (config as { prompts: { source: string } }).prompts;
  const facts = [
    ['schedule', `${state.name}${state.paused ? `, paused${state.note ? `: ${state.note}` : ''}` : ''}`],
    ['next', state.paused ? '' : state.next.map(minute).join(', ')],
    ['running', state.running.join(', ') || 'nothing'],
    [
      'missed',
      `${state.missed} while the server was away for longer than the catch-up window, ${state.skipped} for overlap`,
    ],
    ['prompts', source],
    ['starts from', warmStart ? 'the version in production' : 'the original encoder'],
  ];
  const rows = batches.map(({ number, takenAt, rows, status, run, registered, partition }) => [
    `  ${number}`,
    minute(takenAt),
    `${rows} new prompts${partition === undefined ? '' : ` of ${partition}`}`,
    status === 'taken' ? 'at work' : describe(registered),
    run ?? '',
  ]);
  return `${formatTable(facts)}\n${rows.length > 0 ? `Retrainings:\n${formatTable(rows)}` : 'No retraining yet.'}`;
}

function describe(registered: Batch['registered']): string {
  if (!registered) return 'done';
  const { name, version, promoted } = registered;
  if (version === undefined) return 'nothing to register';
  return `${name}@${version}, ${promoted ? 'promoted' : 'not promoted'}`;
}
