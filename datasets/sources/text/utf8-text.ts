import { isUtf8 } from 'node:buffer';

/** Describes the fault of invalid UTF-8. @param before number of preceding bytes of the text, if known */
export function notUtf8(bytes: Buffer, before?: number): string {
  const at = firstInvalid(bytes);
  const value = bytes[at]!.toString(16).padStart(2, '0');
  const place = before === undefined ? `its byte ${at + 1}` : `byte ${before + at + 1} of the text`;
  return `is not UTF-8 (${place} is 0x${value})`;
}

/** Returns the number of bytes at the end that form an incomplete character. */
export function incompleteTail(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}

/** Finds the first invalid byte by bisection over the longest valid beginning. */
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
