import type { BigIntStats, Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

/** Whatever is read as one text is far smaller; V8 has no longer strings. */
const mostBytes = 0x1fffffe8;

/**
 * The bytes of a file that somebody names, all at once. To open a pipe would wait for a writer, and a device may never
 * end, so they are not opened.
 * @throws Error as readFile does: its message goes on where "cannot be read: " stops
 */
export async function readInput(path: string | URL): Promise<Buffer> {
  const info = await stat(path);
  requireFile(info);
  if (info.size > mostBytes) throw new Error(`it has ${info.size} bytes, and 512 MB are the most`);
  return readFile(path);
}

/** The same as text in UTF-8. */
export async function readInputText(path: string | URL): Promise<string> {
  return (await readInput(path)).toString('utf8');
}

/** @throws Error saying what it is, for what is no file */
export function requireFile(info: Stats | BigIntStats): void {
  if (info.isFile()) return;
  const kind = info.isDirectory() ? 'a folder' : info.isFIFO() ? 'a pipe' : info.isSocket() ? 'a socket' : 'a device';
  throw new Error(`it is ${kind}, not a file`);
}
