import { open } from 'node:fs/promises';

/**
 * Reads the whole lines of a file from a position on, and returns the position after them. A file that is shorter than
 * that was written anew, and is read from its beginning; one that does not exist is empty.
 * @example
 * ```ts
 * import { readFrom } from './api/logs/read-lines.ts';
 *
 * const { text, end } = await readFrom('run.log', 0);
 * console.log(text, (await readFrom('run.log', end)).text);
 * ```
 */
export async function readFrom(path: string, position: number): Promise<{ text: string; end: number }> {
  const file = await open(path).catch(() => undefined);
  if (!file) return { text: '', end: position };
  try {
    const { size } = await file.stat();
    const from = size < position ? 0 : position;
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - from), position: from });
    const length = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
    return { text: buffer.toString('utf8', 0, length), end: from + length };
  } finally {
    await file.close();
  }
}
