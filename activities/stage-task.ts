import type { ErrorRecord } from '../common/errors.ts';
import type { ItemCounts } from '../pipeline/run.ts';
import type { Artifact } from '../pipeline/stage.ts';

/** What an activity is asked to do: references only, for Temporal keeps a copy for ever. */
export interface StageTask {
  run: string;
  stage: string;
  /** Input stage -> its outcome. */
  inputs: Record<string, StageOutcome>;
  /** Do it even when there is a result to reuse. */
  fresh: boolean;
  /** Unlike that of any other walk of any run: what was done for it is not done again, `fresh` or not. */
  request?: string;
  /** Which part of the stage; all of it when it is left out. */
  part?: StagePart;
}

/** A segment; or of a stage that fans out: the list of its items, a batch of them, what is made of all. */
export type StagePart =
  | { kind: 'segment'; number: number }
  | { kind: 'list' }
  | { kind: 'batch'; list: Artifact; from: number; to: number; lane: number; before: ItemCounts }
  | { kind: 'gather'; list: Artifact; counts: ItemCounts };

export interface StageOutcome {
  artifact: Artifact;
  key: string;
  reused: boolean;
  /** The run that made it. */
  run: string;
  /** How long making the artifact took, be it now or in an earlier run. */
  seconds: number;
}

/** A segment that was not the last. */
export interface Unfinished {
  unfinished: true;
}

/** The items of a stage that fans out: a file with their names. */
export interface ItemList {
  list: Artifact;
  total: number;
}

/** How a run stands, as far as the workflow knows. */
export interface RunChange {
  status: 'running' | 'paused' | 'completed' | 'failed' | 'cancelled';
  error?: ErrorRecord;
}

/** The activities that are not a stage's. */
export interface RunActivities {
  recordRun(id: string, change: RunChange): Promise<void>;
}
