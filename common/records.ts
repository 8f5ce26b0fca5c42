import { readFile } from 'node:fs/promises';
import { InputError } from './errors.ts';

/** Whether a value is an object with these keys, of these types (as `typeof` says, or 'array'). */
export function hasKeys(value: unknown, keys: Readonly<Record<string, string>>): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(keys).every(([key, type]) => {
    const found = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
    return type === 'array' ? Array.isArray(found) : typeof found === type && found !== null;
  });
}

/**
 * A record in JSON that the program wrote itself. A file that is not there is the caller's concern (ENOENT).
 * @param keys what it has in any case
 * @param advice what to do about a damaged one
 * @throws InputError for one that is empty, cut short or of another kind
 */
export async function readRecord<T>(path: string, keys: Readonly<Record<string, string>>, advice: string): Promise<T> {
  const text = await readFile(path, 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // as below
  }
  if (hasKeys(value, keys)) return value as T;
  throw new InputError(`${path} is ${text.trim() === '' ? 'empty' : 'damaged'}: ${advice}`);
}
