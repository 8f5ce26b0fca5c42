import { RunError } from '../../common/errors.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { joinLocalServer } from '../../temporal/server/local-server.ts';
import { attach, configuredServer } from '../../temporal/server/server-connection.ts';
import type { TemporalServer } from '../../temporal/server/temporal-server.ts';

/**
 * Connects to the server that holds schedules: the configured one, or that of `textcraftor worker` here.
 * @throws RunError when there is neither
 */
export async function scheduleServer(home: Home): Promise<TemporalServer> {
  const configured = configuredServer(process.env);
  if (configured) return attach(configured);
  const local = await joinLocalServer(home);
  if (local) return local;
  throw new RunError(
    'No Temporal server keeps schedules here: start `textcraftor worker` and leave it running (it has a server, and does the work), or set TEMPORAL_ADDRESS.',
  );
}
