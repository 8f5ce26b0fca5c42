import type { BigIntStats } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** A file that was changed just now may change again within its time stamp's resolution. */
const settledMilliseconds = 2000;

/** Whether a file's stamp may be remembered. */
export function hasSettled({ ctimeMs }: BigIntStats): boolean {
  return Date.now() - Number(ctimeMs) > settledMilliseconds;
}

/** What was remembered in a file of JSON. Only a memory: without it all is read again. */
export async function readMemory<Entry>(file: string): Promise<Record<string, Entry>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, Entry>;
  } catch {
    return {};
  }
}
