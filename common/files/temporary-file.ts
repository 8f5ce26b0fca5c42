import { createHash, randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** Tells machines apart that share a folder. */
const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/** Names a temporary file beside `path`, so that one can tell which process of which machine writes it. */
export const temporaryName = (path: string): string => `${path}.${machine}-${process.pid}-${randomUUID()}.tmp`;

/** Removes temporary files of `path` whose process was killed while it wrote: it was one of this machine, and is gone. */
export async function removeAbandoned(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder).catch((): string[] => [])) {
    if (!name.startsWith(`${basename(path)}.`)) continue;
    const [, at, pid] = /\.([0-9a-f]{8})-(\d+)-[0-9a-f-]{36}\.tmp$/.exec(name) ?? [];
    if (at === machine && !isAlive(Number(pid))) await rm(join(folder, name), { force: true }).catch(() => {});
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
