import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../common/files.ts';

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
  await writeFileAtomic(path(folder), `${JSON.stringify(registered, null, 2)}\n`);
}

/** Undefined when the run has not come to it. */
export async function readRegistered(folder: string): Promise<Registered | undefined> {
  try {
    return JSON.parse(await readFile(path(folder), 'utf8')) as Registered;
  } catch {
    return undefined;
  }
}

/** The run begins again. */
export async function forgetRegistered(folder: string): Promise<void> {
  await rm(path(folder), { force: true });
}
