import { InputError } from '../errors.ts';
import { exists } from '../files.ts';
import { requireKind, type FileKind } from './file-kind.ts';
import { readInput } from './input-file.ts';
import { reasonOf } from '../text/reason.ts';

/**
 * Reads text in UTF-8 that another program wrote.
 * @param expected what the file should be, for messages
 * @throws InputError if it cannot be read, is something else, or is not UTF-8
 */
export async function readText(path: string, expected: string, kinds: readonly FileKind[] = []): Promise<string> {
  const bytes = await readInput(path).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`Cannot read ${path}: ${error.code === 'ENOENT' ? 'it does not exist' : reasonOf(error)}.`);
  });
  requireKind(path, bytes, bytes.length, expected, kinds);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${path} is not text in UTF-8; expected ${expected}.`);
  }
}

/** Matches strings, which stay, and Python's words for numbers that JSON lacks; diffusers writes these. */
const STRINGS_AND_NUMBERS = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;
const asJson: Readonly<Record<string, string>> = { Infinity: '1e999', '-Infinity': '-1e999', NaN: 'null' };

/**
 * Reads a JSON file that another program wrote, Python's infinities included.
 * @throws InputError as {@link readText} does
 */
export async function readJsonFile(path: string, expected = 'a JSON file'): Promise<unknown> {
  const text = await readText(path, expected, ['json']);
  try {
    return JSON.parse(text.replace(STRINGS_AND_NUMBERS, (found) => asJson[found] ?? found)) as unknown;
  } catch (error) {
    throw new InputError(`${path} is not JSON: ${reasonOf(error)}.`);
  }
}

/** Returns the result of `read`, or undefined if nothing is there. */
export async function ifThere<T>(path: string, read: (path: string) => Promise<T>): Promise<T | undefined> {
  return (await exists(path)) ? read(path) : undefined;
}
