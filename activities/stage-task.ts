import type { ErrorRecord } from '../common/errors.ts';
import type { Artifact } from '../pipeline/stage.ts';

/** What an activity is asked to do: references only, for Temporal keeps a copy for ever. */
export interface StageTask {
  run: string;
  stage: string;
  /** Input stage -> its outcome. */
  inputs: Record<string, StageOutcome>;
  /** Do it even when there is a result to reuse. */
  fresh: boolean;
}

export interface StageOutcome {
  artifact: Artifact;
  key: string;
  reused: boolean;
  /** The run that made it. */
  run: string;
  /** How long making the artifact took, be it now or in an earlier run. */
  seconds: number;
}

/** How a run stands, as far as the workflow knows. */
export interface RunChange {
  status: 'running' | 'completed' | 'failed' | 'cancelled';
  error?: ErrorRecord;
}

/** The activities that are not a stage's. */
export interface RunActivities {
  recordRun(id: string, change: RunChange): Promise<void>;
}
