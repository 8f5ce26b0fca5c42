import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, TimeoutFailure } from '@temporalio/workflow';
import { boundedRecord } from '../common/error-record.ts';
import type { ErrorRecord } from '../common/errors.ts';

/** Far below Temporal's limit of 2 MB, above which a task fails forever in a loop: only references fit. */
const largestPayload = 64 * 1024;

/**
 * Checks the size of a message.
 * @throws ApplicationFailure when it holds more than references: data belong in an artifact
 */
export function assertSmall(value: unknown): void {
  const size = JSON.stringify(value).length;
  if (size > largestPayload)
    throw ApplicationFailure.nonRetryable(
      `A message of ${size} characters is too long for references; expected at most ${largestPayload}.`,
      'RunError',
    );
}

/**
 * Returns the cause of an activity's or a child workflow's failure, with the name of its class, cut to the length of
 * records.
 */
export function errorRecord(error: unknown): ErrorRecord {
  let cause = error;
  while ((cause instanceof ActivityFailure || cause instanceof ChildWorkflowFailure) && cause.cause)
    cause = cause.cause;
  if (cause instanceof ApplicationFailure) return boundedRecord(cause.type ?? 'RunError', cause.message);
  if (cause instanceof TimeoutFailure)
    return boundedRecord('RetryableError', 'The stage was given up: its workers stopped responding each time.');
  return boundedRecord('RunError', cause instanceof Error ? cause.message : cause);
}
