import { ApplicationFailure } from '@temporalio/activity';
import { fromErrorRecord, toErrorRecord } from '../common/error-record.ts';

/** Ours by their class: Temporal tries again what may pass. Anything else is a bug, and would come again. */
export function failure(error: unknown): ApplicationFailure {
  const { name, message, retryable } = fromErrorRecord(toErrorRecord(error));
  return ApplicationFailure.create({ message, type: name, nonRetryable: !retryable });
}
