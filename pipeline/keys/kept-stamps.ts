import type { BigIntStats } from 'node:fs';
import { DamagedError, readSealed } from '../../common/files/sealed.ts';
import { removeAbandoned } from '../../common/files/temporary-file.ts';
import { setAside } from '../../common/files/set-aside.ts';

/** A file changed this recently may change again within the resolution of its time stamp. */
const settledMilliseconds = 2000;

/** Returns whether a file's stamp is old enough to be remembered. */
export function hasSettled({ ctimeMs }: BigIntStats): boolean {
  return Date.now() - Number(ctimeMs) > settledMilliseconds;
}

/** Reads what was remembered in a sealed file. It is only a cache: if it is missing or damaged, everything is read again. */
export async function readMemory<Entry>(file: string): Promise<Record<string, Entry>> {
  await removeAbandoned(file);
  try {
    return await readSealed<Record<string, Entry>>(file);
  } catch (error) {
    if (error instanceof DamagedError) await setAside(file, 'is damaged').catch(() => {}); // another process may have
    return {};
  }
}
