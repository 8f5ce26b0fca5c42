import { createHash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { temporaryName } from './files/temporary-file.ts';
import { InputError } from './errors.ts';

/** Returns whether `path` is a folder. */
export const isFolder = (path: string): Promise<boolean> => isOf(path, (found) => found.isDirectory());
export const exists = (path: string): Promise<boolean> => isOf(path, () => true);
export const isFile = (path: string): Promise<boolean> => isOf(path, (found) => found.isFile());
const isOf = (path: string, kind: (found: Stats) => boolean): Promise<boolean> => stat(path).then(kind, () => false);

/** Returns the sha256 of bytes or of text (UTF-8), in hexadecimal. */
export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Returns the sha256 of a file's content, in hexadecimal, read as a stream. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/**
 * Writes a file so that a reader sees either the old content or all of the new: temporary name, sync, rename, sync of
 * the folder.
 * @param data the content, or its chunks
 * @param mode 0o600 keeps the file from other users
 */
export async function writeFileAtomic(
  path: string,
  data: Uint8Array | string | Iterable<Uint8Array>,
  mode = 0o666,
): Promise<void> {
  const folder = dirname(path);
  await makeFolders(folder);
  const temporary = temporaryName(path);
  try {
    const file = await open(temporary, 'w', mode);
    try {
      await writeFile(file, data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Makes a folder and its parents. On a file system without new folders (/proc), Node's own function would retry for
 * ever.
 * @throws InputError for such a place
 */
export async function makeFolders(path: string, again = true): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await isFolder(path))) return;
    if (code !== 'ENOENT') throw error;
    const isBelow = await isFolder(dirname(path));
    // Another process may have made it in the meantime; twice means that the file system refuses.
    if (isBelow && !again)
      throw new InputError(`The folder ${path} cannot be created: ${dirname(path)} does not accept new folders.`);
    if (!isBelow) await makeFolders(dirname(path));
    await makeFolders(path, !isBelow);
  }
}

/** Makes what was written to a file durable. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes renames inside `folder` durable. */
export const syncFolder = (folder: string): Promise<void> => syncFile(folder);

/** Serializes JSON with object keys sorted at every level: equal values give equal bytes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    item !== null && typeof item === 'object' && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : item,
  );
}
