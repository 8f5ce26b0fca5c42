import type { NativeConnection } from '@temporalio/worker';

/** A Temporal server with a connection to it. */
export interface TemporalServer {
  address: string;
  namespace: string;
  connection: NativeConnection;
  /** It is this process's own development server: nobody else works on it. */
  owned: boolean;
  /** Closes the connection, and ends the server when it is owned. */
  close(): Promise<void>;
}
