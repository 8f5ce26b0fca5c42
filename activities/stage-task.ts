import type { RunChange } from '../pipeline/runs/task-messages.ts';

export type * from '../pipeline/runs/task-messages.ts';

/** A segment that was not the last. */
export interface Unfinished {
  unfinished: true;
}

/** The activities that are not a stage's. */
export interface RunActivities {
  recordRun(id: string, change: RunChange): Promise<void>;
}
