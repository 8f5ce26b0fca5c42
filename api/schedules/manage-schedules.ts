import type { Home } from '../../pipeline/runs/home.ts';
import { publicConfig } from '../../registry/notify/notify-secrets.ts';
import type { Batch, Look, ScheduleFile } from '../../registry/schedules/schedule-files.ts';
import type { ConfiguredServer } from '../../temporal/server/server-connection.ts';
import type { ScheduleState } from './schedule-control.ts';
import { withSchedules } from './schedule-server.ts';

/*
 * Each function takes the user's Temporal server as `configured`; by default it uses that of a worker of this home. Each
 * throws RunError when there is neither, and InputError for an unknown schedule.
 */

/** A schedule with its record and its retrainings; secret addresses are left out of `config`. */
export interface ShownSchedule extends ScheduleFile, ScheduleState {
  batches: Batch[];
  /** Why its last start retrained nothing; absent when it did retrain, and before the first. */
  looked?: Look;
}

/**
 * Lists the schedules of a home, in alphabetical order.
 * @example
 * ```ts
 * import { listSchedules } from './api/schedules/manage-schedules.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const schedules = await listSchedules(new Home('.textcraftor'));
 * console.log(schedules.map(({ name, paused, next }) => `${name}: ${paused ? 'paused' : next[0]}`));
 * ```
 */
export function listSchedules(home: Home, configured?: ConfiguredServer): Promise<ScheduleState[]> {
  return withSchedules(home, configured, (control) => control.list());
}

/**
 * Reads a schedule: its settings, its next times and the results of its retrainings.
 * @example
 * ```ts
 * import { showSchedule } from './api/schedules/manage-schedules.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { next, batches } = await showSchedule(new Home('.textcraftor'), 'nightly');
 * console.log(next[0], batches.at(-1)?.registered);
 * ```
 */
export function showSchedule(home: Home, name: string, configured?: ConfiguredServer): Promise<ShownSchedule> {
  return withSchedules(home, configured, async (control) => {
    const [state, record, batches] = [
      await control.state(name),
      await control.record(name),
      await control.batches(name),
    ];
    const looked = await control.look(name);
    return { ...record, config: publicConfig(record.config), ...state, batches, ...(looked ? { looked } : {}) };
  });
}

/**
 * Pauses a schedule: no new retraining starts; a running one continues.
 * @param note the reason
 * @example
 * ```ts
 * import { pauseSchedule } from './api/schedules/manage-schedules.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * await pauseSchedule(new Home('.textcraftor'), 'nightly', 'the machine is needed');
 * ```
 */
export function pauseSchedule(home: Home, name: string, note: string, configured?: ConfiguredServer): Promise<void> {
  return withSchedules(home, configured, (control) => control.pause(name, note));
}

/**
 * Continues a schedule after a pause.
 * @example
 * ```ts
 * import { unpauseSchedule } from './api/schedules/manage-schedules.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * await unpauseSchedule(new Home('.textcraftor'), 'nightly');
 * ```
 */
export function unpauseSchedule(home: Home, name: string, configured?: ConfiguredServer): Promise<void> {
  return withSchedules(home, configured, (control) => control.unpause(name));
}

/**
 * Retrains now, under the schedule's overlap policy.
 * @example
 * ```ts
 * import { triggerSchedule } from './api/schedules/manage-schedules.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * await triggerSchedule(new Home('.textcraftor'), 'nightly');
 * ```
 */
export function triggerSchedule(home: Home, name: string, configured?: ConfiguredServer): Promise<void> {
  return withSchedules(home, configured, (control) => control.trigger(name));
}

/**
 * Retrains day by day on files whose names contain a day of a range, one after the other.
 * @param days first and last day, such as 2026-11-24, both included
 * @returns the workflow's id and the days with files
 * @throws InputError when no file is of these days, or there are too many
 * @example
 * ```ts
 * import { backfillSchedule } from './api/schedules/manage-schedules.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const days = { from: '2026-11-01', to: '2026-11-07' };
 * const { partitions } = await backfillSchedule(new Home('.textcraftor'), 'nightly', days);
 * ```
 */
export function backfillSchedule(
  home: Home,
  name: string,
  { from, to }: { from: string; to: string },
  configured?: ConfiguredServer,
): Promise<{ workflow: string; partitions: string[] }> {
  return withSchedules(home, configured, (control) => control.backfill(name, from, to));
}

/**
 * Deletes a schedule and its record of used prompts; a running retraining continues.
 * @example
 * ```ts
 * import { deleteSchedule } from './api/schedules/manage-schedules.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * await deleteSchedule(new Home('.textcraftor'), 'nightly');
 * ```
 */
export function deleteSchedule(home: Home, name: string, configured?: ConfiguredServer): Promise<void> {
  return withSchedules(home, configured, (control) => control.delete(name));
}
