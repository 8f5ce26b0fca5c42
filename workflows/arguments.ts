import type { StageTask, ItemList } from '../activities/stage-task.ts';
import type { ItemCounts } from '../pipeline/runs/run.ts';
import type { FanOut } from '../pipeline/stage.ts';
import type { StageNode } from './messages.ts';

export interface ItemsRun {
  task: StageTask;
  taskQueue?: string;
  fanOut: FanOut;
  /** Events after which it continues as new. */
  longHistory?: number;
  /** Where an earlier execution has left off. */
  from?: { list: ItemList; next: number; lanes: ItemCounts[] };
}

export interface SegmentsRun {
  task: StageTask;
  taskQueue?: string;
  /** Segments that are done. */
  done?: number;
  /** Events after which it continues as new. */
  longHistory?: number;
}

export interface PipelineRun {
  /** Id of the run's record. */
  run: string;
  /** Any directed acyclic graph. */
  stages: readonly StageNode[];
  /** Stages to do even when they have results. */
  fresh: readonly string[];
  /** The server knows the search attributes. */
  searchable?: boolean;
}

export interface Retraining {
  schedule: string;
  /** Only on the files of this day, as 2026-11-24. */
  partition?: string;
}

export interface Backfill {
  schedule: string;
  /** In the order in which they are trained on. */
  partitions: readonly string[];
}
