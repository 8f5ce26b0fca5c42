import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceError, WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import { InputError, RetryableError } from '../../common/errors.ts';
import { printable } from '../../common/printable.ts';
import { reasonOf } from '../../common/reason.ts';
import type { Home } from '../../pipeline/home.ts';
import { RunRecords, type Run } from '../../pipeline/runs.ts';
import type { Resume } from '../../workflows/messages.ts';
import type { runPipeline } from '../../workflows/run-pipeline.ts';
import { attach, attachOwn, configuredServer } from '../temporal/server.ts';
import { stageNodes, workflowOf } from './workflow.ts';

/** A stage's process has 10 s to end, and the server a moment to say so. */
const patienceMilliseconds = 30_000;

/** Asks the stages of a run to leave a checkpoint and end, and waits until they have. @returns its id */
export async function pauseRun(home: Home, name: string): Promise<string> {
  const run = await new RunRecords(home).read(name);
  if (run.status === 'paused') return run.id;
  if (run.status !== 'running') throw new InputError(`Run ${run.id} is ${run.status}; there is nothing to pause.`);
  await onWorkflow(home, run, (workflow) => update(run, workflow.executeUpdate<void, []>('pause')));
  return run.id;
}

/** Takes up a paused run whose process waits for that. @param fresh stages to do again */
export async function wakeRun(home: Home, id: string, fresh: readonly string[]): Promise<void> {
  const run = await new RunRecords(home).read(id);
  const resume: Resume = { fresh, stages: await stageNodes(home, id) };
  await onWorkflow(home, run, (workflow) =>
    update(run, workflow.executeUpdate<void, [Resume]>('resume', { args: [resume] })),
  );
}

/** Ends a run, and waits until it has ended. @returns its id */
export async function cancelRun(home: Home, name: string): Promise<string> {
  const records = new RunRecords(home);
  const run = await records.read(name);
  if (run.status === 'cancelled') return run.id;
  if (run.status === 'completed') throw new InputError(`Run ${run.id} is complete; there is nothing to cancel.`);
  const address = (await records.owner(run.id))?.address ?? run.address;
  if (address === undefined)
    await records.setStatus(run.id, 'cancelled'); // nobody works on it
  else
    await onWorkflow(home, run, async (workflow) => {
      await update(run, workflow.executeUpdate<void, []>('cancel')).catch(async (error: unknown) => {
        // The process that cares for the run may end, with its server, before the answer is here.
        if (error instanceof ServiceError && (await records.read(run.id)).status === 'cancelled') return;
        // No worker hears updates at the moment: whoever comes first finds this.
        if (error instanceof RetryableError) await workflow.cancel();
        throw error;
      });
    });
  return run.id;
}

async function onWorkflow(
  home: Home,
  run: Run,
  use: (workflow: WorkflowHandle<typeof runPipeline>) => Promise<void>,
): Promise<void> {
  const owner = await new RunRecords(home).owner(run.id);
  const address = owner?.address ?? run.address;
  if (address === undefined) throw new InputError(`Nobody works on run ${run.id}; see: textcraftor status ${run.id}`);
  const configured = configuredServer();
  const server =
    configured?.address === address
      ? await attach(configured)
      : owner?.own
        ? await attachOwn(home, address)
        : await attach({ address });
  try {
    await use(workflowOf(server, run.id));
  } finally {
    await server.close();
  }
}

/** @throws InputError when the workflow refuses; RetryableError when it has not answered in time */
async function update(run: Run, answer: Promise<void>): Promise<void> {
  const controller = new AbortController();
  const late = sleep(patienceMilliseconds, undefined, { signal: controller.signal }).then(() => {
    const time = `${patienceMilliseconds / 1000} s`;
    throw new RetryableError(`Run ${run.id} was asked, and has not in ${time}; see: textcraftor status ${run.id}`);
  });
  try {
    await Promise.race([answer, late]);
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    throw new InputError(`Run ${run.id} cannot do that: ${printable(reasonOf(error.cause ?? error))}`);
  } finally {
    controller.abort();
    late.catch(() => {});
    answer.catch(() => {}); // it may come late
  }
}
