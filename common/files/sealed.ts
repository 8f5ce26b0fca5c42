import { readFile } from 'node:fs/promises';
import { RunError } from '../errors.ts';
import { canonicalJson, isFolder, sha256, writeFileAtomic } from '../files.ts';
import { setAside } from './set-aside.ts';

/** A record that was cut, changed or replaced after it was written, so nothing in it can be trusted. */
export class DamagedError extends RunError {
  override get name(): string {
    return 'RunError'; // across processes
  }
}

/** Serializes `record` (an object of plain JSON) with the digest of the rest as its last key, `$digest`. */
export function seal(record: object, indent?: number): string {
  const plain = JSON.parse(JSON.stringify(record)) as object;
  return JSON.stringify({ ...plain, $digest: sha256(canonicalJson(plain)) }, null, indent);
}

/**
 * Parses the record in `text` and removes its digest.
 * @param path for the message
 * @param advice what to do about a damaged record
 * @throws DamagedError that names the file
 */
export function unseal<T extends object>(text: string, path: string, advice = NOT_USED): T {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw damaged(path, text === '' ? 'is empty' : 'is cut short or overwritten', advice);
  }
  if (found === null || typeof found !== 'object' || Array.isArray(found))
    throw damaged(path, 'holds no record', advice);
  const { $digest, ...record } = found as T & { $digest?: unknown };
  if ($digest !== sha256(canonicalJson(record))) throw damaged(path, 'has other content than was written', advice);
  return record as unknown as T;
}

/** Writes a record whole or not at all, and so that any later change is detected. Sets aside a folder in its place. */
export async function writeSealed(path: string, record: object, indent?: number, mode = 0o666): Promise<void> {
  const text = `${seal(record, indent)}\n`;
  try {
    await writeFileAtomic(path, text, mode);
  } catch (error) {
    if (!(await isFolder(path))) throw error;
    await setAside(path, 'is a folder');
    await writeFileAtomic(path, text, mode);
  }
}

/** Reads a sealed record. @throws DamagedError if it is not what was written; ENOENT if it does not exist */
export async function readSealed<T extends object>(path: string, advice = NOT_USED): Promise<T> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EISDIR') throw damaged(path, 'is a folder', advice);
    throw error;
  }
  return unseal<T>(text, path, advice);
}

const NOT_USED = 'it is not used';

function damaged(path: string, what: string, advice: string): DamagedError {
  return new DamagedError(`The record ${path} ${what}; ${advice}.`);
}
