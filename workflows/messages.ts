import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { ErrorRecord } from '../common/errors.ts';
import type { StageOutcome } from '../activities/stage-task.ts';
import type { GraphNode } from '../pipeline/graph.ts';
import type { ItemCounts } from '../pipeline/runs/run.ts';
import type { FanOut } from '../pipeline/stage.ts';

/** A stage as the workflow sees it. */
export interface StageNode extends GraphNode {
  /** The task queue of its worker. Default: the workflow's own. */
  taskQueue?: string;
  /** It fans out over items, in a child workflow. */
  fanOut?: FanOut;
  /** It runs in segments, in a child workflow. */
  segmented?: true;
}

/** Status of a stage in the workflow; its steps are in the activity's heartbeats and the run's folder. */
export interface StageState {
  status: 'pending' | 'running' | 'ran' | 'reused' | 'failed' | 'blocked' | 'stopped';
  outcome?: StageOutcome;
  error?: ErrorRecord;
  /** The child workflow that runs it. */
  child?: string;
}

export interface RunProgress {
  status: 'running' | 'pausing' | 'paused' | 'parked' | 'cancelling' | 'completed';
  stages: Record<string, StageState>;
}

/** Instructions for a parked or paused run. */
export interface Resume {
  /** Stages to run again even if they have results. */
  fresh: readonly string[];
  /** The graph, if changed settings may have changed it. */
  stages?: readonly StageNode[];
}

export const progressQuery = defineQuery<RunProgress>('progress');
/** Progress of the child workflow of a fan-out stage. */
export const itemsQuery = defineQuery<ItemCounts>('items');
/** Resumes a parked or paused run and reuses its results. Refused in any other state. */
export const resumeUpdate = defineUpdate<void, [Resume]>('resume');
/** Asks the running stages to write a checkpoint and end; answers when they have. Refused unless the run is running. */
export const pauseUpdate = defineUpdate<void>('pause');
/** Cancels the run; answers when its stages have ended. Refused the second time. */
export const cancelUpdate = defineUpdate<void>('cancel');
