import { RunError } from '../../common/errors.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { joinLocalServer } from '../../temporal/server/local-server.ts';
import { attach, type ConfiguredServer } from '../../temporal/server/server-connection.ts';
import type { TemporalServer } from '../../temporal/server/temporal-server.ts';
import { ScheduleControl } from './schedule-control.ts';

/**
 * Calls `act` with the schedules of a home.
 * @throws RunError when no server holds them
 * @example
 * ```ts
 * import { withSchedules } from './api/schedules/schedule-server.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const schedules = await withSchedules(new Home('.textcraftor'), undefined, (control) => control.list());
 * ```
 */
export async function withSchedules<Result>(
  home: Home,
  configured: ConfiguredServer | undefined,
  act: (control: ScheduleControl) => Promise<Result>,
): Promise<Result> {
  const server = await scheduleServer(home, configured);
  try {
    return await act(new ScheduleControl(server, home));
  } finally {
    await server.close();
  }
}

/** Connects to the server that holds schedules: the configured one, or that of `textcraftor worker` here. */
async function scheduleServer(home: Home, configured: ConfiguredServer | undefined): Promise<TemporalServer> {
  if (configured) return attach(configured);
  const local = await joinLocalServer(home);
  if (local) return local;
  throw new RunError(
    'No Temporal server keeps schedules here: start `textcraftor worker` and leave it running (it has a server, and does the work), or set TEMPORAL_ADDRESS.',
  );
}
