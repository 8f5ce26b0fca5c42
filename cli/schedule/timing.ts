import { OVERLAPS, type Overlap, type ScheduleTiming } from '../../api/schedules/schedule-timing.ts';
import { InputError } from '../../common/errors.ts';

export interface TimingOptions {
  cron?: string[];
  every?: string;
  timezone?: string;
  overlap: string;
  catchup: string;
}

/** Parses the options that set the times. @throws InputError that names the faulty option */
export function timingOf({ cron, every, timezone, overlap, catchup }: TimingOptions): ScheduleTiming {
  if ((cron === undefined) === (every === undefined))
    throw new InputError("No times were given: use --cron '0 3 * * *' or --every 6h.");
  if (!(OVERLAPS as readonly string[]).includes(overlap))
    throw new InputError(`--overlap is "${overlap}"; expected one of ${OVERLAPS.join(', ')}.`);
  return {
    times: cron ? { cron } : { everySeconds: seconds('--every', every!) },
    timezone,
    overlap: overlap as Overlap,
    catchUpSeconds: seconds('--catchup', catchup),
  };
}

const longestDays = 3650;
const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

function seconds(option: string, text: string): number {
  const [, amount, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const value = Number(amount) * (units[unit ?? ''] ?? NaN);
  if (value > 0 && value <= longestDays * units['d']!) return value;
  throw new InputError(`${option} ${text}: expected a time such as 90s, 1m, 6h or 7d, at most ${longestDays}d.`);
}
