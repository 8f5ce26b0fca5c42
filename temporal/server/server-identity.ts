import { ServiceError } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { InputError } from '../../common/errors.ts';

/** Name of an empty namespace that a development server gets at its start, to identify its home. */
export const namespaceOf = (homeId: string): string => `textcraftor-${homeId}`;

const notFound = 5; // gRPC's code

/** Returns whether a server was started for a home. */
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

/** Checks the server at an address. @throws InputError when it was started for another home, or by another program */
export async function checkServerOf(connection: NativeConnection, homeId: string, address: string): Promise<void> {
  if (await isServerOf(connection, homeId)) return;
  throw new InputError(
    `The Temporal server at ${address} is not this project's: another project or program has it. To use it anyway: export TEMPORAL_ADDRESS=${address}`,
  );
}
