import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import type { RunActivities, StageOutcome, StageTask } from '../activities/stage-task.ts';
import type { ErrorRecord } from '../common/errors.ts';
import { assertSmall, errorRecord } from './payload.ts';
import {
  progressQuery,
  resumeUpdate,
  type Resume,
  type RunProgress,
  type StageNode,
  type StageState,
} from './messages.ts';

export interface PipelineRun {
  /** Id of the run's record. */
  run: string;
  /** Any directed acyclic graph. */
  stages: readonly StageNode[];
  /** Stages to do even when they have results. */
  fresh: readonly string[];
}

/** Longest silence of a worker before its stage goes to another. Its heartbeats come each second. */
const heartbeatTimeout = '20 seconds';

const { recordRun } = proxyActivities<RunActivities>({ startToCloseTimeout: '1 minute' });

/**
 * A run of a pipeline: each stage starts when its inputs are done, so branches go side by side. A stage that fails
 * stops what depends on it and nothing else; then the run is parked, with the error, until it is resumed or cancelled.
 * Whether a stage has to do anything is its activity's concern, so a resumed run walks the whole graph again.
 */
export async function runPipeline({ run, stages, fresh }: PipelineRun): Promise<Record<string, StageOutcome>> {
  const progress: RunProgress = { status: 'running', stages: {} };
  setHandler(progressQuery, () => progress);
  setHandler(
    resumeUpdate,
    (resume) => {
      fresh = resume.fresh;
      stages = resume.stages ?? stages;
      progress.status = 'running';
    },
    {
      validator: (_: Resume) => {
        if (progress.status !== 'parked') throw new Error(`The run is not parked, it is ${progress.status}.`);
      },
    },
  );
  try {
    for (;;) {
      await recordRun(run, { status: 'running' });
      const { outcomes, error } = await walk(run, stages, new Set(fresh), progress.stages);
      if (!error) {
        progress.status = 'completed';
        await recordRun(run, { status: 'completed' });
        return outcomes;
      }
      await recordRun(run, { status: 'failed', error });
      progress.status = 'parked';
      await condition(() => progress.status === 'running');
    }
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => recordRun(run, { status: 'cancelled' }));
    throw error;
  }
}

interface Walked {
  outcomes: Record<string, StageOutcome>;
  /** Of the first stage that failed. */
  error?: ErrorRecord;
}

/** Does every stage whose inputs can be had. @throws only when the run is cancelled */
async function walk(
  run: string,
  nodes: readonly StageNode[],
  fresh: ReadonlySet<string>,
  states: Record<string, StageState>,
): Promise<Walked> {
  const outcomes: Record<string, StageOutcome> = {};
  const errors: ErrorRecord[] = [];
  const done = new Map<string, Promise<void>>();
  for (const name of Object.keys(states)) delete states[name];
  for (const { name } of nodes) states[name] = { status: 'pending' };

  const doStage = async (node: StageNode): Promise<void> => {
    await Promise.all(node.inputs.map((input) => done.get(input)));
    if (node.inputs.some((input) => !outcomes[input])) {
      states[node.name] = { status: 'blocked' };
      return;
    }
    states[node.name] = { status: 'running' };
    const inputs = Object.fromEntries(node.inputs.map((input) => [input, outcomes[input]!]));
    try {
      const outcome = await runStage({ run, stage: node.name, inputs, fresh: fresh.has(node.name) }, node.taskQueue);
      outcomes[node.name] = outcome;
      states[node.name] = { status: outcome.reused ? 'reused' : 'ran', outcome };
    } catch (error) {
      if (isCancellation(error)) throw error;
      const record = errorRecord(error);
      errors.push(record);
      states[node.name] = { status: 'failed', error: record };
    }
  };
  // Inputs come first, so each finds the promises that it waits for.
  for (const node of nodes) done.set(node.name, doStage(node));
  const ends = await Promise.allSettled(done.values());
  const cancelled = ends.find((end) => end.status === 'rejected');
  if (cancelled) throw cancelled.reason;
  return { outcomes, ...(errors[0] ? { error: errors[0] } : {}) };
}

async function runStage(task: StageTask, taskQueue: string | undefined): Promise<StageOutcome> {
  assertSmall(task);
  const activities = proxyActivities<Record<string, (task: StageTask) => Promise<StageOutcome>>>({
    heartbeatTimeout,
    startToCloseTimeout: '30 days',
    // The stage's process ends and leaves its checkpoint before the run is said to be cancelled.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '1 second', maximumInterval: '30 seconds', maximumAttempts: 10 },
    summary: task.stage,
    ...(taskQueue === undefined ? {} : { taskQueue }),
  });
  const activity = activities[task.stage];
  if (!activity) throw ApplicationFailure.nonRetryable(`No activity is called ${task.stage}.`);
  const outcome = await activity(task);
  assertSmall(outcome);
  return outcome;
}
