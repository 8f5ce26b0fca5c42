import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { ErrorRecord } from '../common/errors.ts';
import type { StageOutcome } from '../activities/stage-task.ts';
import type { GraphNode } from '../pipeline/graph.ts';

/** A stage as the workflow sees it. */
export interface StageNode extends GraphNode {
  /** The task queue of its worker; the workflow's own when it is left out. */
  taskQueue?: string;
}

/** How a stage stands in the eyes of the workflow; its steps are in the activity's heartbeats and the run's folder. */
export interface StageState {
  status: 'pending' | 'running' | 'ran' | 'reused' | 'failed' | 'blocked';
  outcome?: StageOutcome;
  error?: ErrorRecord;
}

export interface RunProgress {
  status: 'running' | 'parked' | 'completed';
  stages: Record<string, StageState>;
}

/** What a parked run is to do. */
export interface Resume {
  /** Stages to do again even when they have results. */
  fresh: readonly string[];
  /** The graph, where other settings may have changed it. */
  stages?: readonly StageNode[];
}

export const progressQuery = defineQuery<RunProgress>('progress');
/** Takes a parked run up again: what is done is reused. Refused while the run is not parked. */
export const resumeUpdate = defineUpdate<void, [Resume]>('resume');
