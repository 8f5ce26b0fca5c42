import { setTimeout as sleep } from 'node:timers/promises';
import {
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import { InputError, RetryableError } from '../../common/errors.ts';
import { reasonOf } from '../../common/text/reason.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords, type Run } from '../../pipeline/runs/runs.ts';
import type { Resume } from '../../workflows/messages.ts';
import type { runPipeline } from '../../workflows/run-pipeline.ts';
import { joinLocalServer } from '../../temporal/server/local-server.ts';
import { attach, attachOwn, type ConfiguredServer } from '../../temporal/server/server-connection.ts';
import { workflowOf } from '../../temporal/run-workflow.ts';
import { stageNodes } from '../../temporal/stage-nodes.ts';
import type { TemporalServer } from '../../temporal/server/temporal-server.ts';

/** A stage's process has 10 s to end, and the server needs a moment to report it. */
const patienceMilliseconds = 30_000;

/**
 * Pauses a run: asks its stages to write a checkpoint and end, and waits until they have.
 * @returns the run's id
 * @example
 * ```ts
 * import { pauseRun } from './api/runs/control-run.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const id = await pauseRun(new Home('.textcraftor'), 'latest');
 * ```
 */
export async function pauseRun(home: Home, name: string, configured?: ConfiguredServer): Promise<string> {
  const run = await new RunRecords(home).read(name);
  if (run.status === 'paused') return run.id;
  if (run.status !== 'running') throw new InputError(`Run ${run.id} is ${run.status}; there is nothing to pause.`);
  await onWorkflow(home, run, configured, (workflow) => update(run, workflow.executeUpdate<void, []>('pause')));
  return run.id;
}

/**
 * Resumes a paused run whose process still waits.
 * @param fresh stages to do again
 * @example
 * ```ts
 * import { wakeRun } from './api/runs/control-run.ts';
 * import { prepareResume } from './api/runs/resume-run.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const home = new Home('.textcraftor');
 * const { id, fresh, waits } = await prepareResume(home, 'latest', { set: [] });
 * if (waits) await wakeRun(home, id, fresh);
 * ```
 */
export async function wakeRun(
  home: Home,
  id: string,
  fresh: readonly string[],
  configured?: ConfiguredServer,
): Promise<void> {
  const run = await new RunRecords(home).read(id);
  const resume: Resume = { fresh, stages: await stageNodes(home, id) };
  await onWorkflow(home, run, configured, (workflow) =>
    update(run, workflow.executeUpdate<void, [Resume]>('resume', { args: [resume] })),
  );
}

/**
 * Cancels a run, and waits until it has ended.
 * @returns the run's id
 * @example
 * ```ts
 * import { cancelRun } from './api/runs/control-run.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const id = await cancelRun(new Home('.textcraftor'), 'latest');
 * ```
 */
export async function cancelRun(home: Home, name: string, configured?: ConfiguredServer): Promise<string> {
  const records = new RunRecords(home);
  const run = await records.read(name);
  if (run.status === 'cancelled') return run.id;
  if (run.status === 'completed') throw new InputError(`Run ${run.id} is complete; there is nothing to cancel.`);
  const address = (await records.owner(run.id))?.address ?? run.address;
  if (address === undefined)
    await records.setStatus(run.id, 'cancelled'); // no process works on it
  else
    await onWorkflow(home, run, configured, async (workflow) => {
      await update(run, workflow.executeUpdate<void, []>('cancel')).catch(async (error: unknown) => {
        // The process that owns the run may end, with its server, before the answer arrives.
        if (error instanceof WorkflowNotFoundError) return records.setStatus(run.id, 'cancelled'); // its server no longer knows it
        if (error instanceof ServiceError && (await records.read(run.id)).status === 'cancelled') return;
        // No worker receives updates now; the next one finds this cancellation.
        if (error instanceof RetryableError) await workflow.cancel();
        throw error;
      });
    });
  return run.id;
}

async function onWorkflow(
  home: Home,
  run: Run,
  configured: ConfiguredServer | undefined,
  use: (workflow: WorkflowHandle<typeof runPipeline>) => Promise<void>,
): Promise<void> {
  const owner = await new RunRecords(home).owner(run.id);
  const address = owner?.address ?? run.address;
  if (address === undefined)
    throw new InputError(`No process works on run ${run.id}; see: textcraftor status ${run.id}`);
  const server = await serverOf(home, run.id, address, owner?.own === true, configured);
  try {
    await use(workflowOf(server, run.id));
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new InputError(
      `The Temporal server at ${server.address} no longer knows run ${run.id}; continue with: textcraftor resume ${run.id}`,
    );
  } finally {
    await server.close();
  }
}

/**
 * Finds the server with the workflow of a run: the configured one, or one that proves to be this home's. The address in
 * the record may belong to another program by now.
 * @param own whether the server belongs to the process that owns the run
 */
async function serverOf(
  home: Home,
  run: string,
  address: string,
  own: boolean,
  configured: ConfiguredServer | undefined,
): Promise<TemporalServer> {
  if (configured?.address === address) return attach(configured);
  // A restarted worker has a different port.
  const local = own ? undefined : await joinLocalServer(home);
  if (local) return local;
  return attachOwn(home, address).catch((error: unknown) => {
    if (!(error instanceof RetryableError)) throw error;
    throw new RetryableError(
      `${error.message} The worker that had run ${run} is gone: start \`textcraftor worker\` again, then this command.`,
    );
  });
}

/**
 * Waits for the answer to an update.
 * @throws InputError when the workflow refuses; RetryableError when it has not answered in time
 */
async function update(run: Run, answer: Promise<void>): Promise<void> {
  const controller = new AbortController();
  const late = sleep(patienceMilliseconds, undefined, { signal: controller.signal }).then(() => {
    const time = `${patienceMilliseconds / 1000} s`;
    throw new RetryableError(`Run ${run.id} has not answered in ${time}; see: textcraftor status ${run.id}`);
  });
  try {
    await Promise.race([answer, late]);
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    throw new InputError(`Run ${run.id} cannot do that: ${reasonOf(error.cause ?? error)}`);
  } finally {
    controller.abort();
    late.catch(() => {});
    answer.catch(() => {}); // it may fail later
  }
}
