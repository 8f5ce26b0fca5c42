import { makeTelemetryFilterString, NativeConnection, Runtime, DefaultLogger } from '@temporalio/worker';

/** How to reach a Temporal server, as Temporal's own command line reads it. */
export interface TemporalAddress {
  address: string;
  namespace?: string;
  apiKey?: string;
  /** Paths of a client certificate and its key. */
  tls?: { certificate: Buffer; key: Buffer } | true;
}

let installed = false;

/** Once in a process, before anything of the SDK: signals stay ours, and only warnings are printed. */
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
