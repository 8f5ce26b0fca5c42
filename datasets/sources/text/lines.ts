import { isUtf8 } from 'node:buffer';
import { InputError } from '../../../common/errors.ts';
import { longestRecord } from '../batch.ts';
import { notUtf8 } from './utf8-text.ts';

/** A line without its end, or the reason of a fault. */
export type Line = string | { reason: string };

const lineEnd = /\r\n|\n|\r/;
const [LF, CR] = [0x0a, 0x0d];

/**
 * Reads the lines of a text in batches, without their ends (LF, CRLF, CR, also mixed).
 * @param pieces UTF-8
 * @throws InputError for a line of more than 16 MB
 */
export async function* readLines(pieces: AsyncIterable<Buffer>, name: string): AsyncGenerator<Line[]> {
  let rest: Buffer = Buffer.alloc(0);
  let before = 0;
  let lines = 0;
  for await (const piece of pieces) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const end = lastLineEnd(bytes);
    if (end > 0) {
      const found = split(bytes.subarray(0, end), before);
      found.pop(); // the rest after the last line end
      yield found;
      lines += found.length;
    }
    rest = bytes.subarray(end);
    before += end;
    if (rest.length > longestRecord)
      throw new InputError(`${name}: line ${lines + 1} is longer than 16 MB; is this a text file?`);
  }
  if (rest.length === 0) return;
  const found = split(rest, before);
  if (rest.at(-1) === CR) found.pop();
  yield found;
}

/** Returns the offset after the last complete line end: a trailing CR may be half of a CRLF. */
function lastLineEnd(bytes: Buffer): number {
  const last = Math.max(bytes.lastIndexOf(LF), bytes.lastIndexOf(CR));
  if (last < bytes.length - 1 || bytes[last] !== CR) return last + 1;
  return bytes.length < 2 ? 0 : Math.max(bytes.lastIndexOf(LF), bytes.lastIndexOf(CR, -2)) + 1;
}

function split(bytes: Buffer, before: number): Line[] {
  if (isUtf8(bytes)) return bytes.toString('utf8').split(lineEnd);
  let at = before;
  // One character per byte, so that line ends are found whatever is between them.
  return bytes
    .toString('latin1')
    .split(/(\r\n|\n|\r)/)
    .flatMap((text, i) => {
      const start = at;
      at += text.length;
      if (i % 2 === 1) return [];
      const line = Buffer.from(text, 'latin1');
      return [isUtf8(line) ? line.toString('utf8') : { reason: notUtf8(line, start) }];
    });
}
