import { InputError } from '../../common/errors.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { interruption } from '../../common/interrupt.ts';
import { configuredServer, type Ports } from '../../temporal/server/server-connection.ts';
import { openWorkerServer, untilGone } from '../../temporal/server/local-server.ts';
import type { Queue } from '../../temporal/queues.ts';
import { startWorkers } from '../../temporal/workers.ts';
import { answer } from '../print.ts';

const queues: Record<string, Queue[]> = { all: ['pipeline', 'engine'], pipeline: ['pipeline'], engine: ['engine'] };

/** Runs a worker until the command is interrupted; running stages then go to another worker, or wait for one. */
export async function runWorker(home: Home, queue: string, ports: Ports, json?: true): Promise<void> {
  const wanted = Object.hasOwn(queues, queue) ? queues[queue]! : undefined;
  if (!wanted) throw new InputError(`--queue is "${queue}"; expected one of ${Object.keys(queues).join(', ')}.`);
  const interrupted = interruption();
  const configured = configuredServer(process.env);
  const server = await openWorkerServer(home, ports, configured);
  try {
    const { address, connection, namespace } = server;
    const workers = await startWorkers({
      connection,
      namespace,
      address,
      home,
      environment: process.env,
      queues: wanted,
    });
    const page = ports.uiPort === undefined ? undefined : `http://127.0.0.1:${ports.uiPort}`;
    const shown = page === undefined ? '' : ` (web page: ${page})`;
    const own = `Temporal's development server: export TEMPORAL_ADDRESS=${address}${shown}\n`;
    answer(
      json,
      { address, queues: wanted, folder: home.folder, own: server.owned, ...(page === undefined ? {} : { page }) },
      `${server.owned ? own : ''}Worker on ${address} for ${wanted.join(' and ')}, artifacts in ${home.folder}. Ctrl-C ends it.`,
    );
    try {
      await Promise.race([untilGone(home, server, interrupted, configured), workers.running]);
    } finally {
      await workers.stop();
    }
  } finally {
    await server.close();
  }
}
