import type { RunChange } from '../pipeline/runs/task-messages.ts';

export type * from '../pipeline/runs/task-messages.ts';

/** The outcome of a segment that was not the last. */
export interface Unfinished {
  unfinished: true;
}

/** The activities other than stages. */
export interface RunActivities {
  recordRun(id: string, change: RunChange): Promise<void>;
}
