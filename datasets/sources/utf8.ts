import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { InputError } from '../../common/errors.ts';

const newline = 0x0a;

/**
 * The text of a UTF-8 file in pieces of about `chunk` bytes, a byte order mark at its beginning left out.
 * @param name the file, for messages
 * @throws InputError with the line and byte that are not UTF-8, and for a file that cannot be opened
 */
export async function* readUtf8(path: string, name: string, chunk = 1 << 20): AsyncGenerator<string> {
  const file = await open(path, 'r').catch((error: Error) => {
    throw new InputError(`${name}: cannot be opened (${error.message}).`);
  });
  try {
    const buffer = Buffer.alloc(chunk + 4);
    let carried = 0; // bytes of a character whose rest is in the next piece
    let before = 0;
    let lines = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, carried, chunk, null);
      const filled = buffer.subarray(0, carried + bytesRead);
      const whole = bytesRead === 0 ? filled : filled.subarray(0, filled.length - incompleteTail(filled));
      if (before === 0) refuseUtf16(filled, name);
      if (!isUtf8(whole)) {
        const at = firstInvalid(whole);
        const line = lines + count(whole.subarray(0, at), newline) + 1;
        const byte = whole[at]!.toString(16).padStart(2, '0');
        throw new InputError(
          `${name}: line ${line} is not UTF-8 (byte ${before + at + 1} of the file is 0x${byte}); save the file as UTF-8.`,
        );
      }
      const marked = before === 0 && whole.length >= 3 && whole[0] === 0xef && whole[1] === 0xbb && whole[2] === 0xbf;
      const text = whole.toString('utf8', marked ? 3 : 0);
      if (text !== '') yield text;
      if (bytesRead === 0) return;
      lines += count(whole, newline);
      before += whole.length;
      carried = filled.length - whole.length;
      buffer.copyWithin(0, whole.length, filled.length);
    }
  } finally {
    await file.close();
  }
}

function refuseUtf16(start: Buffer, name: string): void {
  const mark = start.length >= 2 ? start.readUInt16BE(0) : 0;
  if (mark === 0xfeff || mark === 0xfffe) throw new InputError(`${name}: is UTF-16; save the file as UTF-8.`);
}

/** Number of bytes at the end that begin a character and lack its rest. */
function incompleteTail(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}

/** Place of the first byte of what is not UTF-8: the longest valid beginning, by bisection. */
function firstInvalid(bytes: Buffer): number {
  let low = 0;
  let high = bytes.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const start = bytes.subarray(0, middle);
    if (isUtf8(start.subarray(0, middle - incompleteTail(start)))) low = middle;
    else high = middle - 1;
  }
  return low - incompleteTail(bytes.subarray(0, low));
}

function count(bytes: Buffer, value: number): number {
  let found = 0;
  for (let at = bytes.indexOf(value); at >= 0; at = bytes.indexOf(value, at + 1)) found++;
  return found;
}
