import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readSealed, writeSealed } from '../common/files/sealed.ts';

/** What became of a run's encoder in the registry; kept in the run's folder as registered.json. */
export interface Registered {
  name: string;
  /** Its number; absent when the original encoder was chosen. */
  version?: number;
  /** Whether it went into production by itself. */
  promoted: boolean;
  /** Why not, where that was asked for. */
  refused: string[];
}

const path = (folder: string): string => join(folder, 'registered.json');

/** @param folder the run's */
export async function saveRegistered(folder: string, registered: Registered): Promise<void> {
  await writeSealed(path(folder), registered, 2);
}

/** Undefined when the run has not come to it. */
export async function readRegistered(folder: string): Promise<Registered | undefined> {
  try {
    return await readSealed<Registered>(path(folder));
  } catch {
    return undefined;
  }
}

/** The run begins again. */
export async function forgetRegistered(folder: string): Promise<void> {
  await rm(path(folder), { recursive: true, force: true });
}
