import { randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { temporaryName } from '../../common/files/temporary-file.ts';
import { makeFolders } from '../../common/files.ts';
import { setAside } from '../../common/files/set-aside.ts';
import type { Home } from './home.ts';

/**
 * Returns the id of a home: 32 random hexadecimal digits, created on first use in a file that only this user can read.
 * Names of Temporal servers and task queues contain it, which keeps neighboring projects apart. A damaged id is set
 * aside and replaced, after which schedules created under the old one are no longer found.
 */
export async function homeId(home: Home): Promise<string> {
  const id = (await read(home)) ?? (await create(home));
  if (isId(id)) return id;
  await setAside(home.id, 'is not the 32 hexadecimal digits that it was (create schedules again)');
  return create(home);
}

const isId = (text: string): boolean => /^[0-9a-f]{32}$/.test(text);

async function read(home: Home): Promise<string | undefined> {
  return readFile(home.id, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    if (error.code === 'EISDIR') return '';
    throw error;
  });
}

/** Creates the id atomically; if another process was first, returns that one's. */
async function create(home: Home): Promise<string> {
  await makeFolders(home.folder);
  const temporary = temporaryName(home.id);
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
