import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Home } from '../../pipeline/runs/home.ts';
import { findTemporal } from '../../scripts/setup/temporal.mjs';
import { connectTemporal } from '../../temporal/connection.ts';
import { DevServer } from '../../temporal/server/dev-server.ts';
import { startWorkers, type WorkersOptions } from '../../temporal/workers.ts';

/** A home in a temporary folder, with a development server and workers. */
export interface ServedHome {
  /** The temporary folder, in which the home lies. */
  folder: string;
  home: Home;
  address: string;
  connection: Awaited<ReturnType<typeof connectTemporal>>;
  /** Stops everything and deletes the folder. */
  stop(): Promise<void>;
}

export async function serveHome(options: Pick<WorkersOptions, 'environment' | 'queues'>): Promise<ServedHome> {
  const folder = await mkdtemp(join(tmpdir(), 'textcraftor-test-'));
  const home = new Home(join(folder, 'home'));
  const server = await DevServer.start({ command: findTemporal()!.value, folder: join(folder, 'server') });
  const { address } = server;
  const connection = await connectTemporal({ address });
  const workers = await startWorkers({ connection, namespace: 'default', address, home, ...options });
  return {
    folder,
    home,
    address,
    connection,
    stop: async () => {
      await workers.stop();
      await connection.close();
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}
