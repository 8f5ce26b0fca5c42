import { InputError } from '../../common/errors.ts';
import { longestRecord } from './batch.ts';
import { readUtf8 } from './utf8.ts';

const lineEnd = /\r\n|\n|\r/;

/**
 * The lines of a text file, some at a time, without their ends (LF, CRLF, CR, also mixed).
 * @throws InputError for what is not UTF-8, and for a line of more than 16 MB
 */
export async function* readLines(path: string, name: string): AsyncGenerator<string[]> {
  let rest = '';
  let lines = 0;
  for await (const piece of readUtf8(path, name)) {
    const text = rest + piece;
    // A CR at the end may be half of a CRLF.
    const held = text.endsWith('\r') ? 1 : 0;
    const found = text.slice(0, text.length - held).split(lineEnd);
    rest = found.pop()! + text.slice(text.length - held);
    if (found.length > 0) yield found;
    lines += found.length;
    if (rest.length > longestRecord)
      throw new InputError(`${name}: line ${lines + 1} is longer than 16 MB; is this a text file?`);
  }
  if (rest !== '') yield [rest.replace(/\r$/, '')];
}
