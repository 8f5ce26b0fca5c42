import { stageNodes } from './stage-nodes.ts';
import { basename } from 'node:path';
import { Client, ServiceError, WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import type { SearchAttributePair } from '@temporalio/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Home } from '../pipeline/runs/home.ts';
import { RunRecords } from '../pipeline/runs/runs.ts';
import type { Resume } from '../workflows/messages.ts';
import type { runPipeline } from '../workflows/run-pipeline.ts';
import { modelAttribute } from '../workflows/search-attributes.ts';
import { hasSearchAttributes } from './server/server-attributes.ts';
import type { TemporalServer } from './server/temporal-server.ts';
import { taskQueues } from './queues.ts';

/** A worker asks for work at least once a minute. */
const workerSilenceMilliseconds = 70_000;
const takeUpMilliseconds = 15_000;

export function workflowOf({ connection, namespace }: TemporalServer, run: string): WorkflowHandle<typeof runPipeline> {
  return new Client({ connection, namespace }).workflow.getHandle<typeof runPipeline>(run);
}

/**
 * Starts or continues the workflow of a run: a new execution if there is none or it cannot be trusted; else the
 * existing one, resumed if it is parked. The store holds all results, so a new execution loses nothing.
 *
 * @returns `alone`: no other worker is on the server; `searchable`: it knows the search attributes
 */
export async function launchWorkflow(
  home: Home,
  server: TemporalServer,
  run: string,
  fresh: readonly string[],
): Promise<{ workflow: WorkflowHandle<typeof runPipeline>; alone: boolean; searchable: boolean }> {
  const records = new RunRecords(home);
  const { pipeline } = await taskQueues(home);
  const alone = server.owned || !(await hasWorkers(server, home));
  const stages = await stageNodes(home, run);
  await records.setAddress(run, alone ? undefined : server.address);
  await records.setStatus(run, 'running');
  const workflow = workflowOf(server, run);
  const searchable = await hasSearchAttributes(server);
  // Without other workers, the one that had it is dead: waiting until Temporal notices would waste time.
  if (alone || !(await takeUp(workflow, { fresh, stages }))) {
    const client = new Client({ connection: server.connection, namespace: server.namespace });
    await client.workflow.start<typeof runPipeline>('runPipeline', {
      workflowId: run,
      taskQueue: pipeline,
      args: [{ run, stages, fresh, searchable }],
      ...(searchable ? { typedSearchAttributes: await modelAttributes(records, run) } : {}),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'TERMINATE_EXISTING',
      staticSummary: `Pipeline run ${run}`,
    });
  }
  return { workflow, alone, searchable };
}

/** The search attributes of a run from its start. */
async function modelAttributes(records: RunRecords, run: string): Promise<SearchAttributePair[]> {
  const { model } = (await records.config(run)) as { model?: unknown };
  return typeof model === 'string' ? [{ key: modelAttribute, value: basename(model) }] : [];
}

/** Resumes a parked or paused workflow. @returns whether the run's workflow is running now */
async function takeUp(workflow: WorkflowHandle, resume: Resume): Promise<boolean> {
  try {
    if ((await workflow.describe()).status.name !== 'RUNNING') return false;
    const { status } = await withTimeout(workflow.query<{ status: string }>('progress'));
    if (status === 'parked' || status === 'paused')
      await withTimeout(workflow.executeUpdate('resume', { args: [resume] }));
    return true;
  } catch (error) {
    // Missing or stuck, for example by a worker of another version.
    if (error instanceof WorkflowNotFoundError || error instanceof TimeoutError) return false;
    throw error;
  }
}

/**
 * Waits until the workflow is closed, even while the server is away.
 * @throws the error that the workflow failed with
 */
export async function untilClosed(workflow: WorkflowHandle, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await workflow.result();
      return;
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      await sleep(1000, undefined, { signal }).catch(() => {});
    }
  }
}

class TimeoutError extends Error {}

async function withTimeout<T>(promise: Promise<T>): Promise<T> {
  const controller = new AbortController();
  const timeout = sleep(takeUpMilliseconds, undefined, { signal: controller.signal }).then(() => {
    throw new TimeoutError();
  });
  return Promise.race([promise, timeout]).finally(() => controller.abort());
}

/** Returns whether a worker of this home has recently polled for pipeline work. */
export async function hasWorkers({ connection, namespace }: TemporalServer, home: Home): Promise<boolean> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: (await taskQueues(home)).pipeline },
    taskQueueType: 1, // of workflows
  });
  const now = Date.now();
  return (pollers ?? []).some(
    ({ lastAccessTime }) => now - Number(lastAccessTime?.seconds ?? 0) * 1000 < workerSilenceMilliseconds,
  );
}
