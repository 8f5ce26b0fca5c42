import type { TemporalServer } from './temporal-server.ts';
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError, RetryableError, RunError, TextcraftorError } from '../../common/errors.ts';
import { requireFile } from '../../common/files/input-file.ts';
import { findTemporal, temporalAdvice } from '../../scripts/setup/temporal.mjs';
import type { Home } from '../../pipeline/runs/home.ts';
import { homeId } from '../../pipeline/runs/home-id.ts';
import { unlessInterrupted } from '../../common/interrupt.ts';
import { parseAddress } from './server-address.ts';
import { connectTemporal, type TemporalAddress } from '../connection.ts';
import { DevServer } from './dev-server.ts';
import { checkServerOf } from './server-identity.ts';
import { reasonOf } from '../../common/text/reason.ts';

/** A server that the user runs. */
export type ConfiguredServer = TemporalAddress & { namespace: string };

/** Reads the server that the environment configures, or undefined. @throws InputError for an invalid address */
export function configuredServer(environment: NodeJS.ProcessEnv): ConfiguredServer | undefined {
  const address = environment['TEMPORAL_ADDRESS'];
  if (!address) return undefined;
  parseAddress(address, 'TEMPORAL_ADDRESS');
  const [apiKey, certificate, key] = ['API_KEY', 'TLS_CLIENT_CERT_PATH', 'TLS_CLIENT_KEY_PATH'].map(
    (name) => environment[`TEMPORAL_${name}`],
  );
  return {
    address,
    namespace: environment['TEMPORAL_NAMESPACE'] ?? 'default',
    ...(apiKey ? { apiKey } : {}),
    ...(certificate && key
      ? { tls: { certificate: readCredential(certificate), key: readCredential(key) } }
      : apiKey || environment['TEMPORAL_TLS'] === 'true'
        ? { tls: true }
        : {}),
  };
}

/** Reads a certificate or key. @throws InputError that names the file */
function readCredential(path: string): Buffer {
  try {
    requireFile(statSync(path));
    return readFileSync(path);
  } catch (error) {
    throw new InputError(`${path}: the TLS certificate or key cannot be read (${reasonOf(error)}).`);
  }
}

/**
 * Connects to a running server.
 * @throws RetryableError that names the address; InputError when it has no such namespace
 */
export async function attach(server: TemporalAddress): Promise<TemporalServer> {
  const connection = await answered(server, connectTemporal(server));
  const namespace = server.namespace ?? 'default';
  const described = answered(server, connection.workflowService.describeNamespace({ namespace }));
  await described.catch(async (error: Error) => {
    await connection.close();
    throw error;
  });
  return { address: server.address, namespace, connection, owned: false, close: () => connection.close() };
}

/** Awaits a server's first answer, with a time limit. */
async function answered<T>({ address, namespace }: TemporalAddress, answer: Promise<T>): Promise<T> {
  const late = new AbortController();
  const seconds = answerMilliseconds / 1000;
  const timeout = sleep(answerMilliseconds, undefined, { signal: late.signal }).then(() => {
    throw new Error(`there was no answer in ${seconds} s`);
  });
  try {
    return (await unlessInterrupted(Promise.race([answer, timeout]))) as T;
  } catch (error) {
    if (error instanceof TextcraftorError) throw error;
    const { message, code, cause } = error as Error & { code?: number };
    if (code === notFound || (cause as { code?: number } | undefined)?.code === notFound)
      throw new InputError(`The Temporal server at ${address} has no namespace "${namespace}" (TEMPORAL_NAMESPACE).`);
    throw new RetryableError(`No Temporal server answers at ${address}: ${message.split('\n')[0]}.`);
  } finally {
    late.abort();
    timeout.catch(() => {});
  }
}

/** A gRPC status code. */
const notFound = 5;
const answerMilliseconds = 15_000;

/**
 * Connects to a development server of this home, possibly of another process.
 * @throws InputError when it is another home's
 */
export async function attachOwn(home: Home, address: string): Promise<TemporalServer> {
  const server = await attach({ address });
  try {
    await checkServerOf(server.connection, await homeId(home), address);
    return server;
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Ports of a development server. */
export interface Ports {
  /** Default: a free port. */
  port?: number;
  /** Port of its web page. Default: no web page. */
  uiPort?: number;
}

/**
 * Connects to the configured server or, without one, starts a development server with its database and log in `folder`.
 * @throws RunError that lists the ways to get one
 */
export async function openServer(
  home: Home,
  folder: string,
  configured: ConfiguredServer | undefined,
): Promise<TemporalServer> {
  return configured ? attach(configured) : startServer(home, folder, {});
}

/**
 * Starts a development server owned by this process.
 * @throws RunError when there is no command for it; InputError when a port is taken
 */
export async function startServer(home: Home, folder: string, ports: Ports): Promise<TemporalServer> {
  const server = await DevServer.start({ command: temporalCommand(), folder, homeId: await homeId(home), ...ports });
  const attached = await attach({ address: server.address });
  return {
    ...attached,
    owned: true,
    lost: server.lost,
    close: async () => {
      await attached.close();
      await server.stop();
    },
  };
}

function temporalCommand(): string {
  let found: ReturnType<typeof findTemporal>;
  try {
    found = findTemporal();
  } catch (error) {
    throw new InputError((error as Error).message);
  }
  if (found) return found.value;
  throw new RunError(
    [
      'There is no Temporal server, and no `temporal` command to start one. Any of these helps:',
      'npm run setup',
      ...temporalAdvice,
    ].join('\n  '),
  );
}
