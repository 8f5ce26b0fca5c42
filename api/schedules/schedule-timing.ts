import { ScheduleOverlapPolicy, type ScheduleOptions } from '@temporalio/client';
import { InputError } from '../../common/errors.ts';

const overlaps = {
  skip: ScheduleOverlapPolicy.SKIP,
  'buffer-one': ScheduleOverlapPolicy.BUFFER_ONE,
  'buffer-all': ScheduleOverlapPolicy.BUFFER_ALL,
  'cancel-other': ScheduleOverlapPolicy.CANCEL_OTHER,
  'terminate-other': ScheduleOverlapPolicy.TERMINATE_OTHER,
  'allow-all': ScheduleOverlapPolicy.ALLOW_ALL,
} as const;

/** What to do when a retraining is due and the previous one still runs. */
export type Overlap = keyof typeof overlaps;
export const OVERLAPS = Object.keys(overlaps) as Overlap[];

export interface ScheduleTiming {
  /** Cron expressions such as `0 3 * * *`, or an interval. */
  times: { cron: readonly string[] } | { everySeconds: number };
  /** Time zone of the cron expressions, such as Europe/Berlin; default: UTC. */
  timezone?: string | undefined;
  overlap: Overlap;
  /** A start missed while the server was away is made up for until this long after its time. */
  catchUpSeconds: number;
}

/** The times of a schedule, in Temporal's form. */
export interface TemporalTiming {
  spec: ScheduleOptions['spec'];
  policies: NonNullable<ScheduleOptions['policies']>;
}

/**
 * Puts the times of a schedule into Temporal's form.
 * @throws InputError that shows the faulty cron expression
 * @example
 * ```ts
 * import { temporalTiming } from './api/schedules/schedule-timing.ts';
 *
 * const { spec } = temporalTiming({
 *   times: { cron: ['0 3 * * *'] },
 *   timezone: 'Europe/Berlin',
 *   overlap: 'skip',
 *   catchUpSeconds: 3600,
 * });
 * ```
 */
export function temporalTiming({ times, timezone, overlap, catchUpSeconds }: ScheduleTiming): TemporalTiming {
  const spec =
    'cron' in times
      ? { cronExpressions: times.cron.map(checkCron) }
      : { intervals: [{ every: times.everySeconds * 1000 }] };
  return {
    spec: { ...spec, ...(timezone === undefined ? {} : { timezone }) },
    policies: { overlap: overlaps[overlap], catchupWindow: catchUpSeconds * 1000 },
  };
}

/** Checks a cron expression, since Temporal reports only "bad request". */
function checkCron(text: string): string {
  const fields = text.trim().split(/\s+/).length;
  if (text.startsWith('@') || (fields >= 5 && fields <= 7)) return text;
  throw new InputError(
    `The cron expression "${text}" is wrong: expected five fields (minute, hour, day, month, weekday), as in '0 3 * * *'.`,
  );
}
