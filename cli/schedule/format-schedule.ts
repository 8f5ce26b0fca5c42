import type { ShownSchedule } from '../../api/schedules/manage-schedules.ts';
import type { ScheduleState } from '../../api/schedules/schedule-control.ts';
import { formatTable } from '../../common/text/format.ts';
import type { Batch, Look } from '../../registry/schedules/schedule-files.ts';

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

/** Says why the last start retrained nothing. */
const reasons: Record<Look['result'], (source: string, rows: number, least: number) => string> = {
  'no-new-files': (source) => `no file in ${source} is new or has grown since the last retraining`,
  'still-arriving': (source) => `the new files in ${source} were still being written`,
  'no-new-prompts': (source) => `the new files in ${source} have only prompts that were used before`,
  'too-few': (_, rows, least) => `${rows} new prompts, and it waits for ${least} (--at-least)`,
};

/** Says why nothing happened, if so; undefined while it runs, and when the last start retrained. */
function whyNothing({
  name,
  looked,
  running,
  paused,
  recent,
  batches,
  minimumPrompts,
  config,
}: ShownSchedule): string[] {
  if (running.length > 0) return [];
  const { source } = (config as { prompts: { source: string } }).prompts;
  if (looked) return [`at ${minute(looked.at)}: ${reasons[looked.result](source, looked.rows, minimumPrompts)}`];
  if (recent.length > 0 || batches.length > 0) return [];
  return [
    paused ? `it is paused; textcraftor schedule unpause ${name} continues it` : 'its first time has not come yet',
  ];
}

export function formatSchedule(shown: ShownSchedule): string {
  const { config, warmStart, batches, ...state } = shown;
  const { source } = (config as { prompts: { source: string } }).prompts;
  const facts = [
    ['schedule', `${state.name}${state.paused ? `, paused${state.note ? `: ${state.note}` : ''}` : ''}`],
    ['next', state.paused ? '' : state.next.map(minute).join(', ')],
    ['running', state.running.join(', ') || 'nothing'],
    [
      'missed',
      `${state.missed} while the server was away for longer than the catch-up window, ${state.skipped} for overlap`,
    ],
    ...whyNothing(shown).map((why) => ['nothing done', why]),
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
