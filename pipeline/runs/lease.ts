import { randomUUID } from 'node:crypto';
import { link, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RetryableError } from '../../common/errors.ts';
import { canonicalJson, makeFolders } from '../../common/files.ts';
import { object, text } from '../../common/shape.ts';
import { host, pid } from './record-shapes.ts';
import { writeSealed } from '../../common/files/sealed.ts';

/** The holder of a lease. */
export interface LeaseHolder {
  /** The run; a later attempt of the same run takes the lease over at once. */
  run: string;
  /** Unique to this attempt. */
  attempt: string;
  host: string;
  pid: number;
}

const leaseHolder = object<LeaseHolder>({ run: text(200), attempt: text(200), host, pid }, [], 'keep');

/** A holder renews about every second: one that has not for this long is dead or cut off. */
const staleMilliseconds = 15_000;
const pollMilliseconds = 500;

/**
 * The exclusive right to do one piece of work (one key), kept as a file in its folder. Equal work in flight waits for the
 * first holder; an abandoned attempt loses the lease, and with it the right to write.
 */
export class Lease {
  readonly file: string;
  readonly attempt: string;

  private constructor(file: string, attempt: string) {
    this.file = file;
    this.attempt = attempt;
  }

  /**
   * Acquires the lease of `folder` once no other run holds it. Meanwhile `onWait` is called with the holder; if it returns
   * true, the work is already done and no lease is taken. @param signal aborts the wait with its reason
   */
  static async acquire(
    folder: string,
    run: string,
    { signal, onWait }: { signal?: AbortSignal; onWait?: (holder: LeaseHolder) => Promise<boolean> } = {},
  ): Promise<Lease | undefined> {
    const file = join(folder, 'lease.json');
    const holder: LeaseHolder = { run, attempt: randomUUID(), host: hostname(), pid: process.pid };
    for (;;) {
      await makeFolders(folder);
      if (await createExclusively(file, holder)) break;
      const other = await readHolder(file);
      if (other && other.run !== run && (await isAlive(file, other))) {
        if (await onWait?.(other)) return undefined;
        await wait(pollMilliseconds, signal);
        continue;
      }
      await writeSealed(file, holder);
      // The former holder's process checks this file twice a second, and exits.
      if (other) await wait(2 * pollMilliseconds, signal);
      if ((await readHolder(file))?.attempt === holder.attempt) break;
    }
    return new Lease(file, holder.attempt);
  }

  /** Renews the lease. @throws RetryableError when another attempt has taken over */
  async renew(): Promise<void> {
    await this.check();
    const now = new Date();
    await utimes(this.file, now, now).catch(() => this.check());
  }

  /** Releases the lease after a failure. */
  async release(): Promise<void> {
    if ((await readHolder(this.file))?.attempt === this.attempt) await rm(this.file, { recursive: true, force: true });
  }

  /** @throws RetryableError when another attempt has taken over, so that this one must stop writing */
  async check(): Promise<void> {
    if ((await readHolder(this.file))?.attempt !== this.attempt)
      throw new RetryableError('Another attempt has taken over this work; this one stops.');
  }
}

/** @throws the signal's reason as soon as it is aborted */
async function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(milliseconds, undefined, signal ? { signal } : {}).catch(() => {});
  signal?.throwIfAborted();
}

/** Returns whether a live process works in a folder. */
export async function isLeased(folder: string): Promise<boolean> {
  const file = join(folder, 'lease.json');
  const holder = await readHolder(file);
  return holder !== undefined && isAlive(file, holder);
}

/** Creates the file atomically unless it exists. */
async function createExclusively(file: string, holder: LeaseHolder): Promise<boolean> {
  const temporary = `${file}.${holder.attempt}`;
  await writeFile(temporary, canonicalJson(holder));
  try {
    await link(temporary, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function readHolder(file: string): Promise<LeaseHolder | undefined> {
  try {
    return leaseHolder(JSON.parse(await readFile(file, 'utf8')), file);
  } catch {
    return undefined;
  }
}

async function isAlive(file: string, { host, pid }: LeaseHolder): Promise<boolean> {
  const renewed = (await stat(file).catch(() => undefined))?.mtimeMs ?? 0;
  if (Date.now() - renewed > staleMilliseconds) return false;
  return host !== hostname() || processExists(pid);
}

/**
 * Returns the start time of a process in the system's own units, which tells it from a later process with the same id.
 * Undefined if the process is gone or the system is not Linux.
 */
export async function processStart(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // Only the program's name, in brackets, may contain spaces. The start time is field 22; two fields come before the rest.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? undefined : fields?.[19]; // a zombie has ended
}

/** Returns whether a process runs on this host. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
