import { Context, getClient } from '@temporalio/activity';
import { InputError } from '../../common/errors.ts';
import { id, object } from '../../common/shape.ts';
import type { GraphNode } from '../../pipeline/graph.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { batchTask, type BatchTask } from '../../pipeline/runs/task-messages.ts';
import { readRegistered, type Registered } from '../../registry/registered.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { Schedules } from '../../registry/schedules/schedules.ts';
import type { Batch, BatchOwner } from '../../registry/schedules/schedule-files.ts';
import { failure } from '../failure.ts';
import { prepareRun } from './prepare-run.ts';
import type { TakenBatch, TakeTask } from './take-prompts.ts';

/** Arguments of a run's workflow. */
export interface PreparedRun {
  run: string;
  stages: readonly GraphNode[];
  fresh: readonly string[];
  /** The server knows the search attributes. */
  searchable: boolean;
}

/** The activities of a retraining, besides those of its run. */
export interface RetrainActivities {
  /** Takes new prompts; null when there are none. */
  takePrompts(task: TakeTask): Promise<TakenBatch | null>;
  prepareRun(task: BatchTask): Promise<PreparedRun>;
  /**
   * Marks the batch's prompts as used.
   * @returns the registry's outcome for the run's encoder; null when nothing was registered
   */
  closeBatch(task: BatchTask): Promise<Registered | null>;
  /** Returns the batch's prompts to the new ones. */
  releaseBatch(task: BatchTask): Promise<void>;
}

export interface RetrainOptions {
  home: Home;
  /** Address of the worker's server. */
  address: string;
  /** The worker's, in which programs are started. */
  environment: NodeJS.ProcessEnv;
  /** Returns the arguments of the workflow of a recorded run. */
  launch(run: string): Promise<PreparedRun>;
}

const heartbeatMilliseconds = 2000;

const takeTask = object<TakeTask>({ schedule: id('schedule'), partition: id('partition') }, ['partition']);

export function createRetrainActivities({ home, address, environment, launch }: RetrainOptions): RetrainActivities {
  const schedules = new Schedules(home);
  const records = new RunRecords(home);
  return {
    takePrompts: (message) =>
      beating(async (signal, owner) => {
        const task = takeTask(message, 'takePrompts');
        const { takePrompts } = await import('./take-prompts.ts'); // loads DuckDB, which most workers do not need
        return takePrompts(home, task, owner, isOpen, signal);
      }),
    prepareRun: (message) =>
      beating(async (_, owner) => {
        const { schedule, batch } = batchTask(message, 'prepareRun');
        checkOwner(await schedules.batch(schedule, batch), owner);
        return launch(await prepareRun(home, schedule, batch, { address, environment }));
      }),
    closeBatch: (message) =>
      beating(async (_, owner) => {
        const { schedule, batch: number } = batchTask(message, 'closeBatch');
        const batch = await schedules.batch(schedule, number);
        checkOwner(batch, owner);
        const registered = batch.run === undefined ? undefined : await readRegistered(records.folder(batch.run));
        await schedules.update(schedule, { ...batch, status: 'used', ...(registered ? { registered } : {}) });
        return registered ?? null;
      }),
    releaseBatch: (message) =>
      beating(async (_, owner) => {
        const { schedule, batch } = batchTask(message, 'releaseBatch');
        const found = (await schedules.batches(schedule)).find(({ number }) => number === batch);
        if (found) checkOwner(found, owner);
        await schedules.release(schedule, batch);
      }),
  };
}

/** Sends heartbeats while `work` runs, and converts its errors for Temporal. */
async function beating<Result>(work: (signal: AbortSignal, owner: BatchOwner) => Promise<Result>): Promise<Result> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), heartbeatMilliseconds);
  try {
    const { workflowExecution } = context.info;
    if (!workflowExecution) throw new InputError('A batch belongs to a retraining, but no workflow made this request.');
    const { workflowId, runId } = workflowExecution;
    return await work(context.cancellationSignal, { workflowId, runId });
  } catch (error) {
    throw failure(error);
  } finally {
    clearInterval(beat);
  }
}

/** Refuses a batch of another workflow, which may be anybody's. @throws InputError */
function checkOwner({ number, owner }: Batch, { workflowId, runId }: BatchOwner): void {
  if (owner.workflowId !== workflowId || owner.runId !== runId)
    throw new InputError(`Batch ${number} belongs to the retraining ${owner.workflowId}, not to ${workflowId}.`);
}

async function isOpen({ workflowId, runId }: BatchOwner): Promise<boolean> {
  try {
    return (await getClient().workflow.getHandle(workflowId, runId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if ((error as Error).name === 'WorkflowNotFoundError') return false;
    throw error;
  }
}
