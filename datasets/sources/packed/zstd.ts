import { Decompress } from 'fzstd';
import { zstdSumOf } from '../checksums.ts';

const frameMagic = 0xfd2fb528;
const isSkippable = (magic: number): boolean => magic >>> 4 === 0x184d2a5;

/**
 * Decompresses all frames of a zstd file (RFC 8878), and verifies their lengths and checksums.
 * @throws Error if it is damaged, cut short or not a frame
 */
export async function* unzstd(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const input = new Bytes(pieces);
  for (let frames = 0; ; frames++) {
    const start = input.at;
    if (await input.ended()) {
      if (frames === 0) throw new Error('the file is empty');
      return;
    }
    const magic = (await input.take(4)).readUInt32LE(0);
    if (isSkippable(magic)) {
      for (let left = (await input.take(4)).readUInt32LE(0); left > 0;)
        left -= (await input.take(Math.min(left, 1 << 16))).length;
    } else if (magic === frameMagic) yield* frame(input);
    else
      throw new Error(frames === 0 ? 'not a zstd frame' : `something else after the frame that ends at byte ${start}`);
  }
}

async function* frame(input: Bytes): AsyncGenerator<Buffer> {
  const found: Buffer[] = [];
  const stream = new Decompress((bytes) => void found.push(Buffer.from(bytes)));
  const sum = zstdSumOf();
  let length = 0;
  const take = (): Buffer => {
    const out = Buffer.concat(found.splice(0));
    sum.update(out);
    length += out.length;
    return out;
  };

  const [flags] = await input.take(1);
  const single = (flags! >> 5) & 1;
  const dictionary = [0, 1, 2, 4][flags! & 3]!;
  const sizeBytes = [single, 2, 4, 8][flags! >> 6]!;
  const rest = await input.take(1 - single + dictionary + sizeBytes);
  stream.push(Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, flags!]), rest]));
  for (let last = false; !last;) {
    const head = await input.take(3);
    const bits = head.readUIntLE(0, 3);
    const [type, size] = [(bits >> 1) & 3, bits >> 3];
    last = (bits & 1) === 1;
    stream.push(Buffer.concat([head, await input.take(type === 1 ? 1 : size)]));
    const out = take();
    if (out.length > 0) yield out;
  }
  const expected = flags! & 4 ? await input.take(4) : undefined;
  stream.push(expected ?? new Uint8Array(0), true);
  const out = take();
  if (out.length > 0) yield out;
  if (expected && expected.readUInt32LE(0) !== sum.digest()) throw new Error('its checksum is wrong');
  if (sizeBytes > 0 && length !== contentSize(rest.subarray(-sizeBytes)))
    throw new Error(`it holds ${length} bytes and says ${contentSize(rest.subarray(-sizeBytes))}`);
}

function contentSize(bytes: Buffer): number {
  if (bytes.length === 8) return Number(bytes.readBigUInt64LE(0));
  return bytes.readUIntLE(0, bytes.length) + (bytes.length === 2 ? 256 : 0);
}

/** Reads a given number of bytes at a time from pieces. */
class Bytes {
  readonly #pieces: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  /** Bytes read so far. */
  at = 0;

  constructor(pieces: AsyncIterable<Buffer>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  async ended(): Promise<boolean> {
    return !(await this.#has(1));
  }

  async take(count: number): Promise<Buffer> {
    if (!(await this.#has(count))) throw new Error('unexpected end of file');
    const taken = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    this.at += count;
    return taken;
  }

  async #has(count: number): Promise<boolean> {
    while (this.#held.length < count) {
      const { value, done } = await this.#pieces.next();
      if (done) return false;
      this.#held = this.#held.length === 0 ? value : Buffer.concat([this.#held, value]);
    }
    return true;
  }
}
