import type { BigIntStats } from 'node:fs';
import { DamagedError, readSealed } from '../../common/files/sealed.ts';
import { setAside } from '../../common/files/set-aside.ts';

/** A file that was changed just now may change again within its time stamp's resolution. */
const settledMilliseconds = 2000;

/** Whether a file's stamp may be remembered. */
export function hasSettled({ ctimeMs }: BigIntStats): boolean {
  return Date.now() - Number(ctimeMs) > settledMilliseconds;
}

/** What was remembered in a sealed file. Only a memory: without it, or when it is damaged, all is read again. */
export async function readMemory<Entry>(file: string): Promise<Record<string, Entry>> {
  try {
    return await readSealed<Record<string, Entry>>(file);
  } catch (error) {
    if (error instanceof DamagedError) await setAside(file, 'is damaged').catch(() => {}); // another process may have
    return {};
  }
}
