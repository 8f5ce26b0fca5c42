import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { RunError } from '../common/errors.ts';
import type { Home } from './home.ts';

/**
 * What tells a home from all others: 32 hexadecimal digits, made by chance when they are first asked for, in a file that
 * only this user can read. Temporal servers and task queues bear it, so that projects side by side keep apart.
 */
export async function homeId(home: Home): Promise<string> {
  const id = (await read(home)) ?? (await create(home));
  if (/^[0-9a-f]{32}$/.test(id)) return id;
  throw new RunError(
    `${home.id} is damaged: expected 32 hexadecimal digits. Delete it; schedules must then be made anew.`,
  );
}

async function read(home: Home): Promise<string | undefined> {
  return readFile(home.id, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** Whole or not at all, and whoever comes second takes the first one's. */
async function create(home: Home): Promise<string> {
  await mkdir(home.folder, { recursive: true });
  const temporary = `${home.id}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, randomBytes(16).toString('hex'), { mode: 0o600 });
    await link(temporary, home.id).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temporary, { force: true });
  }
  return (await read(home))!;
}
