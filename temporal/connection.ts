import { makeTelemetryFilterString, NativeConnection, Runtime, DefaultLogger } from '@temporalio/worker';

/** The address and credentials of a Temporal server, as Temporal's own command line reads them. */
export interface TemporalAddress {
  address: string;
  namespace?: string;
  apiKey?: string;
  /** Paths of a client certificate and its key. */
  tls?: { certificate: Buffer; key: Buffer } | true;
}

let installed = false;

/**
 * Installs the SDK's runtime, once per process and before any other use of the SDK: signals stay ours, and only errors
 * are logged.
 */
export function installRuntime(): void {
  if (installed) return;
  installed = true;
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }), forward: {} },
    },
  });
}

export async function connectTemporal({ address, apiKey, tls }: TemporalAddress): Promise<NativeConnection> {
  installRuntime();
  return NativeConnection.connect({
    address,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(tls === undefined
      ? {}
      : { tls: tls === true ? true : { clientCertPair: { crt: tls.certificate, key: tls.key } } }),
  });
}
