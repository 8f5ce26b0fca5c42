import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError, RetryableError } from '../../common/errors.ts';
import { writeFileAtomic } from '../../common/files.ts';
import { object, text, whole } from '../../common/shape.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { Lease, processExists, processStart } from '../../pipeline/runs/lease.ts';
import { interruption } from '../../common/interrupt.ts';
import { notice } from '../../common/notices.ts';
import { accepts } from './ports.ts';
import { attach, attachOwn, startServer, type ConfiguredServer, type Ports } from './server-connection.ts';
import type { TemporalServer } from './temporal-server.ts';

/** The development server of a worker of this home, recorded in temporal/server.json while it runs. */
interface LocalServer {
  address: string;
  /** Process id of the worker. */
  pid: number;
  /** Start time of its process, if the system reports it: the id may belong to another process by now. */
  start?: string;
}

const shape = object<LocalServer>({ address: text(40), pid: whole(1, 2 ** 31), start: text(40) }, ['start']);
const loopback = /^127\.0\.0\.1:(\d{1,5})$/;
const watchMilliseconds = 1000;
const renewMilliseconds = 5000;
const file = (home: Home): string => join(home.temporal, 'server.json');

/**
 * Opens the server of a worker: the configured one; the one that another worker of this home has; else a new one,
 * recorded for other commands.
 *
 * @throws InputError when another program has a requested port, or a worker of this home has its server at another
 */
export async function openWorkerServer(
  home: Home,
  ports: Ports,
  configured?: ConfiguredServer,
): Promise<TemporalServer> {
  if (configured) return attach(configured);
  const found = await joinOrServe(home, interruption());
  if ('server' in found) return checkPorts(found.server, ports);
  const { lease } = found;
  const renewing = setInterval(() => void lease.renew().catch(() => {}), renewMilliseconds);
  const release = (): Promise<void> => {
    clearInterval(renewing);
    return lease.release();
  };
  try {
    const server = await startServer(home, home.temporal, ports);
    const start = await processStart(process.pid);
    const own: LocalServer = {
      address: server.address,
      pid: process.pid,
      ...(start === undefined ? {} : { start }),
    };
    await writeFileAtomic(file(home), JSON.stringify(own), 0o600);
    return {
      ...server,
      close: async () => {
        if ((await read(home))?.pid === process.pid) await rm(file(home), { force: true });
        await server.close();
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * Joins the server of another worker of this home, or takes the lease of the database, which the worker with the server
 * holds. A worker restarts its server when it is away for a moment, so the others wait while it lives.
 */
async function joinOrServe(home: Home, signal: AbortSignal): Promise<{ server: TemporalServer } | { lease: Lease }> {
  let server: TemporalServer | undefined;
  const tryToJoin = async (): Promise<boolean> => {
    server = await joinLocalServer(home).catch((error: unknown) => {
      if (error instanceof RetryableError) return undefined; // it has just ended
      throw error;
    });
    return server !== undefined;
  };
  const tell = (): void =>
    notice("Waiting for this project's other worker, whose Temporal server does not answer yet.");
  const onWait = async (): Promise<boolean> => {
    if (await tryToJoin()) return true;
    tell();
    return false;
  };
  for (;;) {
    const lease = await Lease.acquire(join(home.temporal, 'serving'), randomUUID(), { signal, onWait });
    if (!lease) return { server: server! };
    const isThere = await tryToJoin();
    if (!isThere && !(await startsAgain(home))) return { lease };
    await lease.release();
    if (isThere) return { server: server! };
    tell();
    await sleep(watchMilliseconds, undefined, { signal }).catch(() => {});
    signal.throwIfAborted();
  }
}

/**
 * Returns whether a live worker has the server although it does not listen now: the worker may have been suspended
 * until it lost its lease. If something else listens at the address, the record is stale.
 */
async function startsAgain(home: Home): Promise<boolean> {
  const worker = await read(home);
  const port = loopback.exec(worker?.address ?? '')?.[1];
  return worker !== undefined && port !== undefined && (await lives(worker)) && !(await accepts(Number(port)));
}

/**
 * Waits until the worker that owns a joined server has ended, since that server is not started again.
 * @throws RetryableError then; on an own or a configured server it only waits for `signal`
 */
export async function untilGone(
  home: Home,
  { address, owned }: TemporalServer,
  signal: AbortSignal,
  configured?: ConfiguredServer,
): Promise<void> {
  const worker = await read(home);
  if (owned || configured || !worker) return waitFor(signal);
  while (await lives(worker)) {
    await sleep(watchMilliseconds, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return;
  }
  throw new RetryableError(
    `The server at ${address} is gone with the worker that had it (process ${worker.pid}); start this worker again to give it its own server.`,
  );
}

/** Returns whether the worker runs, rather than another process with its id. */
async function lives({ pid, start }: LocalServer): Promise<boolean> {
  return processExists(pid) && (start === undefined || (await processStart(pid)) === start);
}

async function waitFor(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** Connects to the server of a worker of this home; undefined when none runs. */
export async function joinLocalServer(home: Home): Promise<TemporalServer | undefined> {
  const local = await read(home);
  const port = loopback.exec(local?.address ?? '')?.[1];
  if (!local || port === undefined || !(await lives(local)) || !(await accepts(Number(port)))) return undefined;
  return attachOwn(home, local.address).catch((error: unknown) => {
    // A killed worker, whose process id and port belong to others by now.
    if (error instanceof InputError) return undefined;
    throw error;
  });
}

async function checkPorts(server: TemporalServer, { port, uiPort }: Ports): Promise<TemporalServer> {
  const has = server.address.split(':')[1];
  const problem =
    port !== undefined && String(port) !== has
      ? `--port ${port}`
      : uiPort !== undefined
        ? `--ui-port ${uiPort}`
        : undefined;
  if (problem === undefined) return server;
  await server.close();
  throw new InputError(
    `${problem}: another worker of this project already has its server at ${server.address}. Omit the option to join it, or stop that worker first.`,
  );
}

async function read(home: Home): Promise<LocalServer | undefined> {
  try {
    return shape(JSON.parse(await readFile(file(home), 'utf8')), file(home));
  } catch {
    return undefined; // missing or damaged: it leads to no server
  }
}
