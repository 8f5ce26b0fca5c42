import { randomUUID } from 'node:crypto';
import { link, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RetryableError } from '../../common/errors.ts';
import { canonicalJson, makeFolders } from '../../common/files.ts';
import { object, text, whole } from '../../common/shape.ts';
import { writeSealed } from '../../common/files/sealed.ts';

/** Who works on something. */
export interface LeaseHolder {
  /** The run; a later attempt of the same run takes over at once. */
  run: string;
  /** Unlike that of any other attempt. */
  attempt: string;
  host: string;
  pid: number;
}

const leaseHolder = object<LeaseHolder>(
  { run: text(200), attempt: text(200), host: text(300), pid: whole(1, 2 ** 31) },
  [],
  'keep',
);

/** A holder renews every second or so: one that has not for this long has died, or is cut off. */
const staleMilliseconds = 15_000;
const pollMilliseconds = 500;

/**
 * The right to do one piece of work (one key), kept as a file in its folder. It makes equal work in flight wait for
 * the first, and fences: an attempt that was given up loses the lease, and with it the right to write.
 */
export class Lease {
  readonly file: string;
  readonly attempt: string;

  private constructor(file: string, attempt: string) {
    this.file = file;
    this.attempt = attempt;
  }

  /**
   * Takes the lease of `folder`, once no other run holds it. `onWait` is called with the holder while one does;
   * when it answers true, the work was done meanwhile, and nothing is taken. @param signal ends the wait, with its reason
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
      // The former holder's process looks at this file twice a second, and leaves.
      if (other) await wait(2 * pollMilliseconds, signal);
      if ((await readHolder(file))?.attempt === holder.attempt) break;
    }
    return new Lease(file, holder.attempt);
  }

  /** Says that the holder lives. @throws RetryableError when another attempt has taken over */
  async renew(): Promise<void> {
    await this.check();
    const now = new Date();
    await utimes(this.file, now, now).catch(() => this.check());
  }

  /** Lets others have it, after a failure. */
  async release(): Promise<void> {
    if ((await readHolder(this.file))?.attempt === this.attempt) await rm(this.file, { recursive: true, force: true });
  }

  /** @throws RetryableError when another attempt has taken over: this one must not write any more */
  async check(): Promise<void> {
    if ((await readHolder(this.file))?.attempt !== this.attempt)
      throw new RetryableError('Another attempt has taken this work over; this one stops.');
  }
}

/** @throws the reason of the signal, as soon as it is aborted */
async function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(milliseconds, undefined, signal ? { signal } : {}).catch(() => {});
  signal?.throwIfAborted();
}

/** Whether somebody who lives works in a folder. */
export async function isLeased(folder: string): Promise<boolean> {
  const file = join(folder, 'lease.json');
  const holder = await readHolder(file);
  return holder !== undefined && isAlive(file, holder);
}

/** Makes the file, whole, unless there is one. */
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
 * What tells a process from a later one with its id: when it began, as the system counts. Undefined where that is not to be
 * known: the process is gone, or the system is not Linux.
 */
export async function processStart(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The program's name, in brackets, may hold anything; what follows does not. The 22nd field, of which two are before.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? undefined : fields?.[19]; // it has ended, and its parent has not looked yet
}

/** Whether a process of this host runs. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
