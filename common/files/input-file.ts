import type { BigIntStats, Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

/** Files that are read as one text are far smaller; V8 has no longer strings. */
const mostBytes = 0x1fffffe8;

/**
 * Reads all bytes of a file that the user names. Refuses pipes and devices: opening a pipe would wait for a writer, and
 * a device may never end.
 * @throws Error as readFile does; its message completes "cannot be read: "
 */
export async function readInput(path: string | URL): Promise<Buffer> {
  const info = await stat(path);
  requireFile(info);
  if (info.size > mostBytes) throw new Error(`it has ${info.size} bytes; the limit is 512 MB`);
  return readFile(path);
}

/** Reads the same as text in UTF-8. */
export async function readInputText(path: string | URL): Promise<string> {
  return (await readInput(path)).toString('utf8');
}

/** Checks that this is a file. @throws Error that says what it is instead */
export function requireFile(info: Stats | BigIntStats): void {
  if (info.isFile()) return;
  const kind = info.isDirectory() ? 'a folder' : info.isFIFO() ? 'a pipe' : info.isSocket() ? 'a socket' : 'a device';
  throw new Error(`it is ${kind}, not a file`);
}
