import { lstat, open, rename, rm } from 'node:fs/promises';
import { isFile } from '../../common/files.ts';
import { setAside } from '../../common/files/set-aside.ts';

/** Suffixes of SQLite's files beside a database: the write-ahead log and its index. */
const besides = ['-wal', '-shm'];

/** Removes an SQLite database, or whatever is in its place. */
export async function removeDatabase(path: string): Promise<void> {
  for (const file of [path, ...besides.map((end) => path + end)]) await rm(file, { recursive: true, force: true });
}

/** Sets a database aside with the files beside it, so that a new one is made. @param why such as "is empty" */
export async function setDatabaseAside(path: string, why: string): Promise<void> {
  const target = await setAside(path, why).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  for (const end of besides)
    await (
      target === undefined ? rm(path + end, { recursive: true, force: true }) : rename(path + end, target + end)
    ).catch(() => {}); // it did not exist
}

/**
 * Checks the header and length of an SQLite database.
 * @returns its fault, such as "is empty"; undefined when none is seen
 */
export async function databaseDamage(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return undefined;
  try {
    if (!(await file.stat()).isFile()) return 'is a folder';
    for (const end of besides)
      if ((await pathExists(path + end)) && !(await isFile(path + end))) return `has a folder ${end} beside it`;
    const { size } = await file.stat();
    // All of it may still be in the -wal file.
    if (size === 0) return (await isFile(`${path}-wal`)) ? undefined : 'is empty';
    const header = Buffer.alloc(100);
    await file.read(header, 0, 100, 0);
    if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0') return 'is not a database';
    const page = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
    if (page < 512 || (page & (page - 1)) !== 0) return 'has a damaged header';
    const pages = header.readUInt32BE(28);
    const known = header.readUInt32BE(24) === header.readUInt32BE(92);
    return size % page !== 0 || (known && size < pages * page) ? 'is cut short' : undefined;
  } finally {
    await file.close();
  }
}

async function pathExists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
