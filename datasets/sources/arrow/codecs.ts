import { CompressionType, compressionRegistry } from 'apache-arrow';
import { decompress } from 'fzstd';
import { zstdSum } from '../checksums.ts';
import { decompressLz4Frame } from './lz4.ts';

/** A longer buffer is an error or a decompression bomb, unless its compressed form is long too. */
const longest = 256 << 20;
const largestRatio = 500;

/** Registers codecs with Arrow's reader; each decompressed buffer must have the length stored before it. */
export function registerCodecs(): void {
  compressionRegistry.set(CompressionType.ZSTD, { decode: checked(unzstd) });
  compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: checked(decompressLz4Frame) });
}

function checked(unpack: (bytes: Uint8Array, length: number) => Uint8Array): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    // The reader passes the bytes after the length as a view of the same memory.
    const length = Number(new DataView(bytes.buffer, bytes.byteOffset - 8, 8).getBigInt64(0, true));
    if (length < 0 || (length > longest && length > largestRatio * bytes.length))
      throw new Error(`${bytes.length} bytes that claim to be ${length} unpacked`);
    const out = unpack(bytes, length);
    if (out.length !== length) throw new Error(`a buffer of ${out.length} bytes that claims to be ${length}`);
    return out;
  };
}

function unzstd(bytes: Uint8Array, length: number): Uint8Array {
  const out = decompress(bytes, new Uint8Array(length)).slice();
  if ((bytes[4] ?? 0) & 4) {
    const sum = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true);
    if (sum !== zstdSum(out)) throw new Error('the checksum of a zstd frame is wrong');
  }
  return out;
}

/**
 * The content of a batch's buffer: packed, its length unpacked or -1 for none stands before it.
 * @param codec how the buffers are packed; undefined where they are not
 * @throws Error if the bytes are no such buffer
 */
export function bufferContent(bytes: Uint8Array, codec: number | undefined): Uint8Array {
  if (codec === undefined) return bytes;
  if (bytes.length < 8) throw new Error(`a packed buffer of ${bytes.length} bytes`);
  const content = bytes.subarray(8);
  if (new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true) === -1n) return content;
  return compressionRegistry.get(codec)!.decode!(content);
}
