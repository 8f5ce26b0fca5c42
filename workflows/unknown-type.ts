import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';

/**
 * Refuses a workflow of any other type. Otherwise the server would try one without an implementation for ever, and the
 * functions that every object inherits would count as implementations.
 */
export async function unknownType(): Promise<never> {
  throw ApplicationFailure.nonRetryable(`There is no workflow "${workflowInfo().workflowType}".`, 'InputError');
}
