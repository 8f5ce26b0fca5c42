import type { StageTask, ItemList } from '../activities/stage-task.ts';
import type { ItemCounts } from '../pipeline/runs/run.ts';
import type { FanOut } from '../pipeline/stage.ts';
import type { StageNode } from './messages.ts';

export interface ItemsRun {
  task: StageTask;
  taskQueue?: string;
  fanOut: FanOut;
  /** Number of history events after which it continues as new. */
  longHistory?: number;
  /** The point at which an earlier execution stopped. */
  from?: { list: ItemList; next: number; lanes: ItemCounts[] };
}

export interface SegmentsRun {
  task: StageTask;
  taskQueue?: string;
  /** Segments that are done. */
  done?: number;
  /** Number of history events after which it continues as new. */
  longHistory?: number;
}

export interface PipelineRun {
  /** Id of the run's record. */
  run: string;
  /** Any directed acyclic graph. */
  stages: readonly StageNode[];
  /** Stages to run again even if they have results. */
  fresh: readonly string[];
  /** The server knows the search attributes. */
  searchable?: boolean;
}

export interface Retraining {
  schedule: string;
  /** Use only files of this day, such as 2026-11-24. */
  partition?: string;
}

export interface Backfill {
  schedule: string;
  /** In training order. */
  partitions: readonly string[];
}
