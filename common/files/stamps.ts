import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { RetryableError } from '../errors.ts';

/**
 * Identifies an untouched file, as git's index does: inode, size, and the times of the last changes of content and
 * metadata.
 */
export function stampOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [ino, size, mtimeNs, ctimeNs].join(' ');
}

/**
 * Passes on what is read of a file, piece by piece, and throws at the end if the file was touched in the meantime,
 * since the result may then mix old and new content. Reports a fault in the file only if the file kept still.
 * @param name the file's name in messages
 * @throws RetryableError for a file that has changed
 */
export async function* unchanged<T>(path: string, name: string, pieces: AsyncIterable<T>): AsyncGenerator<T> {
  const before = await stampAt(path);
  try {
    yield* pieces;
  } finally {
    await checkStamp(path, name, before);
  }
}

/** Does the same for a file that is read at once. */
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

/** Undefined if there is no file. */
async function stampAt(path: string): Promise<string | undefined> {
  const info = await stat(path, { bigint: true }).catch(() => undefined);
  return info && stampOf(info);
}
