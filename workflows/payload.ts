import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, TimeoutFailure } from '@temporalio/workflow';
import { boundedRecord } from '../common/error-record.ts';
import type { ErrorRecord } from '../common/errors.ts';

/** Far below Temporal's limit of 2 MB, above which a task fails for ever in a loop: nothing but references fits. */
const largestPayload = 64 * 1024;

/** @throws ApplicationFailure when a value is more than references: the data belong in an artifact */
export function assertSmall(value: unknown): void {
  const size = JSON.stringify(value).length;
  if (size > largestPayload)
    throw ApplicationFailure.nonRetryable(
      `A message of ${size} characters is no reference; at most ${largestPayload} are.`,
      'RunError',
    );
}

/** The cause of an activity's or a child workflow's failure, by the name of its class, at a length that records take. */
export function errorRecord(error: unknown): ErrorRecord {
  let cause = error;
  while ((cause instanceof ActivityFailure || cause instanceof ChildWorkflowFailure) && cause.cause)
    cause = cause.cause;
  if (cause instanceof ApplicationFailure) return boundedRecord(cause.type ?? 'RunError', cause.message);
  if (cause instanceof TimeoutFailure)
    return boundedRecord('RetryableError', 'The stage was given up: its workers fell silent each time.');
  return boundedRecord('RunError', cause instanceof Error ? cause.message : cause);
}
