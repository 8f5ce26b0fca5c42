import { xxh32 } from '../checksums.ts';

/** Start of an LZ4 frame, little-endian. */
const frameMagic = 0x184d2204;

/**
 * Decompresses an LZ4 frame (github.com/lz4/lz4, doc/lz4_Frame_format.md) and verifies its checksums.
 * @param longest maximum number of decompressed bytes
 * @throws Error if it is not a complete frame, or holds more
 */
export function decompressLz4Frame(frame: Uint8Array, longest = Infinity): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint32(0, true) !== frameMagic) throw new Error('no LZ4 frame');
  const flags = frame[4]!;
  const [blockChecksum, contentSize, contentChecksum, dictionary] = [
    flags & 0x10,
    flags & 0x08,
    flags & 0x04,
    flags & 0x01,
  ];
  if (dictionary) throw new Error('an LZ4 dictionary is needed');
  const largestBlock = 1 << (8 + 2 * ((frame[5]! >> 4) & 7));
  const head = frame.subarray(4, contentSize ? 14 : 6);
  if (((xxh32(head) >>> 8) & 0xff) !== frame[4 + head.length])
    throw new Error('the header of the LZ4 frame is damaged');
  let out = new Uint8Array(largestBlock);
  let at = 7 + (contentSize ? 8 : 0);
  let end = 0;
  for (;;) {
    const size = view.getUint32(at, true);
    at += 4;
    if (size === 0) break;
    const bytes = size & 0x7fffffff;
    const block = frame.subarray(at, at + bytes);
    if (block.length < bytes) throw new Error('the LZ4 frame is cut short');
    if (end > longest) throw new Error('the LZ4 frame holds more than it says');
    if (blockChecksum && view.getUint32(at + bytes, true) !== xxh32(block))
      throw new Error('the checksum of an LZ4 block is wrong');
    if (out.length < end + largestBlock) out = grown(out, 2 * (end + largestBlock));
    if (size >>> 31) {
      out.set(block, end);
      end += bytes;
    } else end = decompressBlock(block, out, end);
    at += bytes + (blockChecksum ? 4 : 0);
  }
  const found = out.subarray(0, end);
  if (contentChecksum && view.getUint32(at, true) !== xxh32(found))
    throw new Error('the checksum of the LZ4 frame is wrong');
  return found;
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}

/** Decompresses a block from `to` on; it may refer to earlier output. @returns the end of its output */
function decompressBlock(block: Uint8Array, out: Uint8Array, to: number): number {
  let at = 0;
  const extended = (start: number): number => {
    if (start < 15) return start;
    let sum = start;
    let byte: number;
    do {
      byte = block[at++]!;
      sum += byte;
    } while (byte === 255);
    return sum;
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = extended(token >> 4);
    out.set(block.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    if (at >= block.length) break;
    const offset = block[at]! | (block[at + 1]! << 8);
    at += 2;
    const length = extended(token & 15) + 4;
    if (offset === 0 || offset > to || to + length > out.length) throw new Error('the LZ4 block is damaged');
    for (const end = to + length; to < end; to++) out[to] = out[to - offset]!;
  }
  return to;
}
