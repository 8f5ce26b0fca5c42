import { InputError } from '../../common/errors.ts';
import { readInputText } from '../../common/files/input-file.ts';
import { reasonOf } from '../../common/text/reason.ts';

/** The built-in lists. */
const shipped = {
  nsfw: new URL('word-lists/nsfw.txt', import.meta.url),
  givenNames: new URL('word-lists/given-names.txt', import.meta.url),
};

/** Reads a built-in list. */
export function shippedList(name: keyof typeof shipped): Promise<string[]> {
  return readWordList(shipped[name]);
}

/**
 * Reads one word or phrase per line; skips empty lines and lines that begin with #.
 * @throws InputError when the file cannot be read
 */
export async function readWordList(path: string | URL): Promise<string[]> {
  const text = await readInputText(path).catch((error: Error) => {
    throw new InputError(`${String(path)}: the word list cannot be read (${reasonOf(error)}).`);
  });
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
