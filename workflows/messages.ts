import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { ErrorRecord } from '../common/errors.ts';
import type { StageOutcome } from '../activities/stage-task.ts';
import type { GraphNode } from '../pipeline/graph.ts';
import type { ItemCounts } from '../pipeline/runs/run.ts';
import type { FanOut } from '../pipeline/stage.ts';

/** A stage as the workflow sees it. */
export interface StageNode extends GraphNode {
  /** The task queue of its worker; the workflow's own when it is left out. */
  taskQueue?: string;
  /** It fans out over items: a child workflow does it. */
  fanOut?: FanOut;
  /** It is done in segments: a child workflow does it. */
  segmented?: true;
}

/** How a stage stands in the eyes of the workflow; its steps are in the activity's heartbeats and the run's folder. */
export interface StageState {
  status: 'pending' | 'running' | 'ran' | 'reused' | 'failed' | 'blocked' | 'stopped';
  outcome?: StageOutcome;
  error?: ErrorRecord;
  /** The child workflow that does it. */
  child?: string;
}

export interface RunProgress {
  status: 'running' | 'pausing' | 'paused' | 'parked' | 'cancelling' | 'completed';
  stages: Record<string, StageState>;
}

/** What a parked or paused run is to do. */
export interface Resume {
  /** Stages to do again even when they have results. */
  fresh: readonly string[];
  /** The graph, where other settings may have changed it. */
  stages?: readonly StageNode[];
}

export const progressQuery = defineQuery<RunProgress>('progress');
/** Of the child workflow of a stage that fans out. */
export const itemsQuery = defineQuery<ItemCounts>('items');
/** Takes a parked or paused run up again: what is done is reused. Refused while the run is neither. */
export const resumeUpdate = defineUpdate<void, [Resume]>('resume');
/** Asks the stages that run to leave a checkpoint and end; answers when they have. Refused while the run does not run. */
export const pauseUpdate = defineUpdate<void>('pause');
/** Ends the run; answers when its stages have ended. Refused when it is asked for twice. */
export const cancelUpdate = defineUpdate<void>('cancel');
