import { ApplicationFailure } from '@temporalio/activity';
import { fromErrorRecord, toErrorRecord } from '../common/error-record.ts';

/**
 * Converts an error for Temporal, which retries those of a retryable class. Any other error is a bug and is not
 * retried.
 */
export function failure(error: unknown): ApplicationFailure {
  const { name, message, retryable } = fromErrorRecord(toErrorRecord(error));
  return ApplicationFailure.create({ message, type: name, nonRetryable: !retryable });
}
