import { ServiceError } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { InputError } from '../../common/errors.ts';

/** An empty namespace of a development server, made when it starts: it says whose the server is. */
export const namespaceOf = (homeId: string): string => `textcraftor-${homeId}`;

const notFound = 5; // gRPC's code

/** Whether a server was started for a home. */
export async function isServerOf(connection: NativeConnection, homeId: string): Promise<boolean> {
  try {
    await connection.workflowService.describeNamespace({ namespace: namespaceOf(homeId) });
    return true;
  } catch (error) {
    if ((error as { code?: number }).code === notFound || isNotFound(error)) return false;
    throw error;
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof ServiceError && (error.cause as { code?: number } | undefined)?.code === notFound;
}

/** @throws InputError when the server at an address was started for another home, or by another program */
export async function checkServerOf(connection: NativeConnection, homeId: string, address: string): Promise<void> {
  if (await isServerOf(connection, homeId)) return;
  throw new InputError(
    `The Temporal server at ${address} is not this project's: another project or program has it. To use it all the same: export TEMPORAL_ADDRESS=${address}`,
  );
}
