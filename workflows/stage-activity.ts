import { ActivityCancellationType, ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { StageAnswer } from '../activities/activities.ts';
import type { StageTask } from '../activities/stage-task.ts';
import type { Shape } from '../common/shape.ts';
import { parse } from './inputs.ts';
import { assertSmall } from './payload.ts';

/** Longest silence of a worker before its stage goes to another. Heartbeats come every second. */
const heartbeatTimeout = '20 seconds';

/**
 * Calls the activity of a stage, or of a part of one.
 * @param taskQueue undefined for the workflow's own
 * @param answers parses its answer
 */
export async function callStage<Answer extends StageAnswer>(
  task: StageTask,
  taskQueue: string | undefined,
  answers: Shape<Answer>,
  summary = task.stage,
): Promise<Answer> {
  assertSmall(task);
  const activities = proxyActivities<Record<string, (task: StageTask) => Promise<Answer>>>({
    heartbeatTimeout,
    startToCloseTimeout: '30 days',
    // The stage's process ends and leaves its checkpoint before the run is reported as cancelled.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '1 second', maximumInterval: '30 seconds', maximumAttempts: 10 },
    summary,
    ...(taskQueue === undefined ? {} : { taskQueue }),
  });
  const activity = activities[task.stage];
  if (!activity) throw ApplicationFailure.nonRetryable(`No activity is named ${task.stage}.`);
  const answer = await activity(task);
  assertSmall(answer);
  return parse(answers, answer, `The answer of ${task.stage}`);
}
