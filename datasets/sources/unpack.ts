import { Decompress } from 'fzstd';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InputError } from '../../common/errors.ts';
import type { SourceFile } from './find.ts';

export const packings = ['gz', 'zst'] as const;
export type Packing = (typeof packings)[number];

const piece = 1 << 20;
/** A zstd block of 128 kB may be packed into four bytes, so little is unpacked at once. */
const zstdPiece = 4096;

/** The bytes of a file as they are. @throws InputError when it cannot be read */
export async function* openFile({ path, name }: SourceFile): AsyncGenerator<Buffer> {
  try {
    for await (const bytes of createReadStream(path, { highWaterMark: piece })) yield bytes as Buffer;
  } catch (error) {
    throw new InputError(`${name}: cannot be opened (${(error as Error).message}).`);
  }
}

/**
 * What a file holds, whatever packs it.
 * @throws InputError when it is damaged, cut short, or packed though its name does not say so
 */
export async function* unpack(pieces: AsyncIterable<Buffer>, file: SourceFile): AsyncGenerator<Buffer> {
  if (file.packing === undefined) return yield* notPacked(pieces, file);
  try {
    yield* file.packing === 'gz' ? gunzip(pieces, file) : unzstd(pieces);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${file.name}: cannot be unpacked; is it damaged or cut short? (${(error as Error).message})`);
  }
}

async function* notPacked(pieces: AsyncIterable<Buffer>, { name }: SourceFile): AsyncGenerator<Buffer> {
  let first = true;
  for await (const bytes of pieces) {
    if (first) {
      const start = bytes.subarray(0, 4).toString('hex');
      const packing = start.startsWith('1f8b') ? 'gz' : start === '28b52ffd' ? 'zst' : undefined;
      if (packing) throw new InputError(`${name}: is packed; give it a name that says so, such as ${name}.${packing}.`);
    }
    first = false;
    yield bytes;
  }
}

/** All members of a gzip file. */
async function* gunzip(pieces: AsyncIterable<Buffer>, { name, bytes }: SourceFile): AsyncGenerator<Buffer> {
  const unzip = createGunzip({ chunkSize: piece });
  const source = Readable.from(pieces).on('error', (error) => unzip.destroy(error));
  try {
    for await (const out of source.pipe(unzip)) yield out as Buffer;
    if (unzip.bytesWritten < bytes)
      throw new InputError(`${name}: is gzip up to byte ${unzip.bytesWritten} and something else behind it.`);
  } finally {
    source.destroy();
    unzip.destroy();
  }
}

/** All frames of a zstd file. */
async function* unzstd(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let found: Buffer[] = [];
  const stream = new Decompress((bytes) => void found.push(Buffer.from(bytes)));
  const take = (): Buffer => {
    const out = Buffer.concat(found);
    found = [];
    return out;
  };
  let held = 0;
  for await (const bytes of pieces) {
    for (let at = 0; at < bytes.length; at += zstdPiece) {
      stream.push(bytes.subarray(at, at + zstdPiece));
      held = found.reduce((sum, { length }) => sum + length, 0);
      if (held >= piece) yield take();
    }
  }
  stream.push(new Uint8Array(0), true);
  const out = take();
  if (out.length > 0) yield out;
}
