import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { RetryableError } from '../errors.ts';

/** What tells an untouched file, as in git's index: inode, size, times of the last change of content and of anything. */
export function stampOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [ino, size, mtimeNs, ctimeNs].join(' ');
}

/**
 * What is read of a file, piece by piece, and at the end an error if the file was touched in the meantime: what was read
 * may then be half of the one and half of the other. A fault in it is told only of a file that kept still.
 * @param name what messages call it
 * @throws RetryableError for a file that was changed
 */
export async function* unchanged<T>(path: string, name: string, pieces: AsyncIterable<T>): AsyncGenerator<T> {
  const before = await stampAt(path);
  try {
    yield* pieces;
  } finally {
    await checkStamp(path, name, before);
  }
}

/** The same for what is read at once. */
export async function whileUnchanged<T>(path: string, name: string, read: () => Promise<T>): Promise<T> {
  const before = await stampAt(path);
  try {
    return await read();
  } finally {
    await checkStamp(path, name, before);
  }
}

async function checkStamp(path: string, name: string, before: string | undefined): Promise<void> {
  if ((await stampAt(path)) !== before)
    throw new RetryableError(`${name}: was changed while it was read; run again when nothing writes to it.`);
}

/** Undefined where there is nothing. */
async function stampAt(path: string): Promise<string | undefined> {
  const info = await stat(path, { bigint: true }).catch(() => undefined);
  return info && stampOf(info);
}
