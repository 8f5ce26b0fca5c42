import type { Backfill, Retraining } from './arguments.ts';
import { CancellationScope, executeChild, ParentClosePolicy, proxyActivities } from '@temporalio/workflow';
import type { RetrainActivities } from '../activities/retrain/retrain-activities.ts';
import { backfillInput, parse, pipelineRun, retraining, takenAnswer } from './inputs.ts';
import { runPipeline } from './run-pipeline.ts';

export interface RetrainOutcome {
  outcome: 'nothing new' | 'promoted' | 'rejected' | 'completed';
  run?: string;
  /** Number of new prompts that it was trained on. */
  rows?: number;
  version?: number;
  /** Reasons why it was not promoted. */
  refused?: string[];
}

const activities = proxyActivities<RetrainActivities>({
  heartbeatTimeout: '20 seconds',
  startToCloseTimeout: '6 hours',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/**
 * Trains on the prompts that arrived since the last time, and promotes the result to production if the gate finds it
 * better. A failed run is parked like any run; a cancelled one gives its prompts back.
 */
export async function retrain(message: Retraining): Promise<RetrainOutcome> {
  const { schedule, partition } = parse(retraining, message, 'retrain');
  const task = { schedule, ...(partition === undefined ? {} : { partition }) };
  const taken = parse(takenAnswer, await activities.takePrompts(task), 'takePrompts');
  if (!taken) return { outcome: 'nothing new' };
  const batch = { schedule, batch: taken.number };
  try {
    const input = parse(pipelineRun, await activities.prepareRun(batch), 'prepareRun');
    await executeChild(runPipeline, {
      workflowId: input.run,
      args: [input],
      // Lets the run's record show that it was cancelled.
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `Pipeline run ${input.run}`,
    });
    const registered = await activities.closeBatch(batch);
    return {
      outcome: !registered ? 'completed' : registered.promoted ? 'promoted' : 'rejected',
      run: input.run,
      rows: taken.rows,
      ...(registered?.version === undefined ? {} : { version: registered.version }),
      ...(registered && registered.refused.length > 0 ? { refused: registered.refused } : {}),
    };
  } catch (error) {
    await CancellationScope.nonCancellable(() => activities.releaseBatch(batch));
    throw error;
  }
}

/** Retrains on one partition after the other, each starting from the version in production by then. */
export async function backfill(message: Backfill): Promise<Record<string, RetrainOutcome>> {
  const { schedule, partitions } = parse(backfillInput, message, 'backfill');
  const outcomes: Record<string, RetrainOutcome> = {};
  for (const partition of partitions)
    outcomes[partition] = await executeChild(retrain, {
      workflowId: `retrain-${schedule}-${partition}`,
      args: [{ schedule, partition }],
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    });
  return outcomes;
}
