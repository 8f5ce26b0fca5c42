import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '../../common/errors.ts';
import { writeFileAtomic } from '../../common/files.ts';
import type { Home } from '../../pipeline/home.ts';
import { processExists } from '../../pipeline/lease.ts';
import { attach, configuredServer, type TemporalServer } from '../temporal/server.ts';

/** The development server of a worker that runs here. */
interface LocalServer {
  address: string;
  pid: number;
}

const file = (home: Home): string => join(home.folder, 'temporal', 'server.json');

/** Tells other commands of the development server that this process has. @returns takes it back */
export async function publishServer(home: Home, address: string): Promise<() => Promise<void>> {
  await writeFileAtomic(file(home), JSON.stringify({ address, pid: process.pid } satisfies LocalServer));
  return () => rm(file(home), { force: true });
}

/** The server that holds schedules: the configured one, or that of `textcraftor worker` here. @throws RunError when there is neither */
export async function scheduleServer(home: Home): Promise<TemporalServer> {
  const configured = configuredServer();
  if (configured) return attach(configured);
  const local = await readFile(file(home), 'utf8').then(
    (text) => JSON.parse(text) as LocalServer,
    () => undefined,
  );
  if (local && processExists(local.pid)) return attach({ address: local.address });
  throw new RunError(
    'No Temporal server keeps schedules here: start `textcraftor worker` and leave it running (it has one, and does the work), or set TEMPORAL_ADDRESS.',
  );
}
