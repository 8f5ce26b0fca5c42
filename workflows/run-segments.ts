import { continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { StageOutcome, StageTask, Unfinished } from '../activities/stage-task.ts';
import { historyIsLong } from './history.ts';
import { callStage } from './stage-activity.ts';

export interface SegmentsRun {
  task: StageTask;
  taskQueue?: string;
  /** Segments that are done. */
  done?: number;
}

/**
 * A stage that is done in segments: each ends with a checkpoint from which the next goes on. However many there are, no
 * history gets long: the workflow continues as new in time.
 */
export async function runSegments({ task, taskQueue, done = 0 }: SegmentsRun): Promise<StageOutcome> {
  for (let number = done; ; number++) {
    if (historyIsLong(workflowInfo()))
      return continueAsNew<typeof runSegments>({
        task,
        done: number,
        ...(taskQueue === undefined ? {} : { taskQueue }),
      });
    const segment: StageTask = { ...task, part: { kind: 'segment', number } };
    const answer = await callStage<StageOutcome | Unfinished>(
      segment,
      taskQueue,
      `${task.stage}, segment ${number + 1}`,
    );
    if (!('unfinished' in answer)) return answer;
  }
}
