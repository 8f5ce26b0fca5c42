import type { SegmentsRun } from './arguments.ts';
import { continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { StageOutcome, StageTask, Unfinished } from '../activities/stage-task.ts';
import { historyIsLong } from './history.ts';
import { parse, segmentAnswer, segmentsRun } from './inputs.ts';
import { callStage } from './stage-activity.ts';

/**
 * Runs a stage in segments: each ends with a checkpoint from which the next one continues. It continues as new in time,
 * so that no history grows long.
 */
export async function runSegments(message: SegmentsRun): Promise<StageOutcome> {
  const { done = 0, ...input } = parse(segmentsRun, message, 'runSegments');
  const { task, taskQueue, longHistory } = input;
  for (let number = done; ; number++) {
    if (historyIsLong(workflowInfo(), longHistory))
      return continueAsNew<typeof runSegments>({ ...input, done: number });
    const segment: StageTask = { ...task, part: { kind: 'segment', number } };
    const answer = await callStage<StageOutcome | Unfinished>(
      segment,
      taskQueue,
      segmentAnswer,
      `${task.stage}, segment ${number + 1}`,
    );
    if (!('unfinished' in answer)) return answer;
  }
}
