import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InputError } from '../../../common/errors.ts';
import type { SourceFile } from '../source-file.ts';
import { foreign } from './signature.ts';
import { unzstd } from './zstd.ts';
import { reasonOf } from '../../../common/text/reason.ts';

const piece = 1 << 20;
/** Longer output is a decompression bomb if its packed size is far smaller. */
const longest = 64 << 20;
const largestRatio = 500;

/** Reads the raw bytes of a file. @throws InputError when it cannot be read */
export async function* openFile({ path, name }: SourceFile): AsyncGenerator<Buffer> {
  try {
    for await (const bytes of createReadStream(path, { highWaterMark: piece })) yield bytes as Buffer;
  } catch (error) {
    throw new InputError(`${name}: cannot be opened (${reasonOf(error)}).`);
  }
}

/**
 * Unpacks the content of a file, whatever its compression.
 * @throws InputError when it is damaged, cut short, or packed although its name does not say so
 */
export async function* unpack(pieces: AsyncIterable<Buffer>, file: SourceFile): AsyncGenerator<Buffer> {
  const own = recognized(pieces, file);
  if (file.packing === undefined) return yield* own;
  try {
    yield* bounded(file.packing === 'gz' ? gunzip(own, file) : unzstd(own), file);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${file.name}: cannot be unpacked; is it damaged or cut short? (${reasonOf(error)})`);
  }
}

/** Passes on the bytes of a file after checking that it does not begin like another kind. */
async function* recognized(pieces: AsyncIterable<Buffer>, file: SourceFile): AsyncGenerator<Buffer> {
  let first = true;
  for await (const bytes of pieces) {
    const said = first ? foreign(bytes, file) : undefined;
    if (said !== undefined) throw new InputError(`${file.name}: ${said}.`);
    first = false;
    yield bytes;
  }
}

/** Decompresses all members of a gzip file. */
async function* gunzip(pieces: AsyncIterable<Buffer>, { name, bytes }: SourceFile): AsyncGenerator<Buffer> {
  const unzip = createGunzip({ chunkSize: piece });
  const source = Readable.from(pieces).on('error', (error) => unzip.destroy(error));
  try {
    for await (const out of source.pipe(unzip)) yield out as Buffer;
    if (unzip.bytesWritten < bytes)
      throw new InputError(`${name}: is gzip up to byte ${unzip.bytesWritten} and something else after it.`);
  } finally {
    source.destroy();
    unzip.destroy();
  }
}

/** Refuses data that unpacks to far more than texts ever do. */
async function* bounded(pieces: AsyncIterable<Buffer>, { name, bytes }: SourceFile): AsyncGenerator<Buffer> {
  let out = 0;
  for await (const each of pieces) {
    out += each.length;
    if (out > longest && out > largestRatio * bytes)
      throw new InputError(`${name}: unpacks to more than ${largestRatio} times its ${bytes} bytes; prompts never do.`);
    yield each;
  }
}
