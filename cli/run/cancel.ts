import { setTimeout as sleep } from 'node:timers/promises';
import { InputError, RetryableError } from '../../common/errors.ts';
import type { Home } from '../../pipeline/home.ts';
import { RunRecords } from '../../pipeline/runs.ts';
import { attach, configuredServer } from '../temporal/server.ts';
import { workflowOf } from './workflow.ts';

const patienceMilliseconds = 30_000;

/** Cancels a run and waits until it has ended. @returns its id */
export async function cancelRun(home: Home, name: string): Promise<string> {
  const records = new RunRecords(home);
  const run = await records.read(name);
  if (run.status === 'cancelled') return run.id;
  if (run.status === 'completed') throw new InputError(`Run ${run.id} is complete; there is nothing to cancel.`);
  const address = (await records.owner(run.id))?.address ?? run.address;
  if (address === undefined) {
    await records.setStatus(run.id, 'cancelled'); // nobody works on it
    return run.id;
  }
  const configured = configuredServer();
  const server = await attach(configured?.address === address ? configured : { address });
  try {
    await workflowOf(server, run.id).cancel();
    for (const start = Date.now(); (await records.read(run.id)).status !== 'cancelled'; await sleep(200))
      if (Date.now() - start > patienceMilliseconds)
        throw new RetryableError(
          `Run ${run.id} was asked to stop, and has not in ${patienceMilliseconds / 1000} s; see: textcraftor status ${run.id}`,
        );
  } finally {
    await server.close();
  }
  return run.id;
}
