import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readSealed, writeSealed } from '../common/files/sealed.ts';

/** Outcome of registering a run's encoder, kept in the run's folder as registered.json. */
export interface Registered {
  name: string;
  /** Its number; absent when the original encoder was chosen. */
  version?: number;
  /** Whether it was promoted automatically. */
  promoted: boolean;
  /** Reasons why a requested promotion was refused. */
  refused: string[];
}

const path = (folder: string): string => join(folder, 'registered.json');

/** Saves the outcome. @param folder the run's */
export async function saveRegistered(folder: string, registered: Registered): Promise<void> {
  await writeSealed(path(folder), registered, 2);
}

/** Reads the outcome; undefined when the run has not reached registration. */
export async function readRegistered(folder: string): Promise<Registered | undefined> {
  try {
    return await readSealed<Registered>(path(folder));
  } catch {
    return undefined;
  }
}

/** Removes the outcome before the run starts again. */
export async function forgetRegistered(folder: string): Promise<void> {
  await rm(path(folder), { recursive: true, force: true });
}
