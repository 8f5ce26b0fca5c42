import type { WorkflowInfo } from '@temporalio/workflow';

/**
 * Temporal warns at 10,240 events and ends a workflow at 51,200; a worker keeps the histories of running workflows in
 * memory.
 */
const longHistory = 4000;

/** Returns whether it is time to continue as new. @param limit number of events */
export function historyIsLong({ historyLength }: WorkflowInfo, limit = longHistory): boolean {
  return historyLength > limit;
}
