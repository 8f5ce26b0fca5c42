import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { notice } from '../notices.ts';

/**
 * Moves an unusable file or folder out of the way, so that it can be created again, and reports it.
 * @param why such as "is a folder"
 * @returns its new path
 */
export async function setAside(path: string, why: string): Promise<string> {
  let number = 1;
  while (existsSync(`${path}.damaged-${number}`)) number++;
  const target = `${path}.damaged-${number}`;
  await rename(path, target);
  notice(`${path} ${why}: it was set aside as ${target} and is created again.`);
  return target;
}
