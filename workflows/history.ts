import type { WorkflowInfo } from '@temporalio/workflow';

/** Temporal warns at 10,240 events and ends a workflow at 51,200; a replay of this many takes half a second. */
const longHistory = 8000;

/** Whether it is time to continue as new. @param limit number of events */
export function historyIsLong({ historyLength }: WorkflowInfo, limit = longHistory): boolean {
  return historyLength > limit;
}
