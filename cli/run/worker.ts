import { once } from 'node:events';
import { join } from 'node:path';
import { InputError } from '../../common/errors.ts';
import type { Home } from '../../pipeline/home.ts';
import { interruption } from '../interrupt.ts';
import { publishServer } from '../schedule/server.ts';
import { openServer } from '../temporal/server.ts';
import { startWorkers, type Queue } from '../temporal/workers.ts';

const queues: Record<string, Queue[]> = { all: ['pipeline', 'engine'], pipeline: ['pipeline'], engine: ['engine'] };

/** Works until the command is interrupted; a stage that runs then goes to another worker, or waits for one. */
export async function runWorker(home: Home, queue: string, ports: { port: number; uiPort: number }): Promise<void> {
  const wanted = Object.hasOwn(queues, queue) ? queues[queue]! : undefined;
  if (!wanted) throw new InputError(`There is no queue "${queue}"; there are ${Object.keys(queues).join(', ')}.`);
  const interrupted = interruption();
  const server = await openServer(join(home.folder, 'temporal'), ports);
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
    const retract = server.owned ? await publishServer(home, address) : undefined;
    if (server.owned)
      console.log(
        `Temporal's development server: export TEMPORAL_ADDRESS=${address} (web page: http://127.0.0.1:${ports.uiPort})`,
      );
    console.log(`Worker on ${address} for ${wanted.join(' and ')}, artifacts in ${home.folder}. Ctrl-C ends it.`);
    try {
      if (!interrupted.aborted) await Promise.race([once(interrupted, 'abort'), workers.running]);
    } finally {
      await retract?.();
      await workers.stop();
    }
  } finally {
    await server.close();
  }
}
