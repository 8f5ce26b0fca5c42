import type { RunError } from '../../common/errors.ts';
import type { NativeConnection } from '@temporalio/worker';

/** A Temporal server with a connection to it. */
export interface TemporalServer {
  address: string;
  namespace: string;
  connection: NativeConnection;
  /** Whether it is this process's own development server, which no other process uses. */
  owned: boolean;
  /** Resolves with the reason when it is owned and cannot be restarted any more. */
  lost?: Promise<RunError>;
  /** Closes the connection, and ends the server when it is owned. */
  close(): Promise<void>;
}
