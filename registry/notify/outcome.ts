import type { ErrorRecord } from '../../common/errors.ts';
import type { Registered } from '../registered.ts';

/** The outcome of a run as sent to hooks. */
export interface RunOutcome {
  event: 'completed' | 'failed' | 'promoted' | 'rejected';
  run: string;
  /** The run's folder. */
  folder: string;
  /** ISO 8601. */
  at: string;
  registered?: Registered;
  error?: ErrorRecord;
}

/** @param automatic whether automatic promotion was requested */
export function outcomeOf(
  run: { run: string; folder: string },
  {
    registered,
    automatic,
    error,
  }: { registered?: Registered | undefined; automatic: boolean; error?: ErrorRecord | undefined },
): RunOutcome {
  const event = error
    ? 'failed'
    : !registered || !automatic
      ? 'completed'
      : registered.promoted
        ? 'promoted'
        : 'rejected';
  return {
    event,
    ...run,
    at: new Date().toISOString(),
    ...(registered ? { registered } : {}),
    ...(error ? { error } : {}),
  };
}
