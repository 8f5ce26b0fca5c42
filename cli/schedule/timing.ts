import { ScheduleOverlapPolicy, type ScheduleOptions } from '@temporalio/client';
import { InputError } from '../../common/errors.ts';

export interface TimingOptions {
  cron?: string[];
  every?: string;
  timezone?: string;
  overlap: string;
  catchup: string;
}

/** The times of a schedule, in Temporal's form. */
export interface Timing {
  spec: ScheduleOptions['spec'];
  policies: NonNullable<ScheduleOptions['policies']>;
}

/** Policies for a scheduled time at which the previous retraining still runs. */
const overlaps: Record<string, ScheduleOverlapPolicy> = {
  skip: ScheduleOverlapPolicy.SKIP,
  'buffer-one': ScheduleOverlapPolicy.BUFFER_ONE,
  'buffer-all': ScheduleOverlapPolicy.BUFFER_ALL,
  'cancel-other': ScheduleOverlapPolicy.CANCEL_OTHER,
  'terminate-other': ScheduleOverlapPolicy.TERMINATE_OTHER,
  'allow-all': ScheduleOverlapPolicy.ALLOW_ALL,
};

/** Parses the options that set the times. @throws InputError that names the faulty option */
export function timingOf({ cron, every, timezone, overlap, catchup }: TimingOptions): Timing {
  if ((cron === undefined) === (every === undefined))
    throw new InputError("No times were given: use --cron '0 3 * * *' or --every 6h.");
  const policy = Object.hasOwn(overlaps, overlap) ? overlaps[overlap] : undefined;
  if (!policy) throw new InputError(`--overlap is "${overlap}"; expected one of ${Object.keys(overlaps).join(', ')}.`);
  const times = cron
    ? { cronExpressions: cron.map(checkCron) }
    : { intervals: [{ every: seconds('--every', every!) * 1000 }] };
  return {
    spec: { ...times, ...(timezone === undefined ? {} : { timezone }) },
    policies: { overlap: policy, catchupWindow: seconds('--catchup', catchup) * 1000 },
  };
}

const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

function seconds(option: string, text: string): number {
  const [, amount, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const value = Number(amount) * (units[unit ?? ''] ?? NaN);
  if (value > 0) return value;
  throw new InputError(`${option} ${text}: expected a time such as 90s, 1m, 6h or 7d.`);
}

/** Checks a cron expression, since Temporal reports only "bad request". */
function checkCron(text: string): string {
  const fields = text.trim().split(/\s+/).length;
  if (text.startsWith('@') || (fields >= 5 && fields <= 7)) return text;
  throw new InputError(
    `--cron "${text}": expected five fields (minute, hour, day, month, weekday), as in '0 3 * * *'.`,
  );
}
