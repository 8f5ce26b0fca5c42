import { InputError } from '../../../common/errors.ts';
import type { FileBytes } from '../file-bytes.ts';

/** Position of an entry's bytes in the archive. */
export interface ZipEntry {
  offset: number;
  size: number;
}

const END = { signature: 0x06054b50, bytes: 22 };
const END64 = { signature: 0x06064b50, bytes: 56 };
const LOCATOR64 = { signature: 0x07064b50, bytes: 20 };
const CENTRAL = { signature: 0x02014b50, bytes: 46 };
const LOCAL = { signature: 0x04034b50, bytes: 30 };
/** Longest comment after the end record, which then lies further ahead. */
const MAX_COMMENT = 0xffff;
/** torch writes one entry per tensor; a longer directory is not that of a weight file. */
const MAX_DIRECTORY_BYTES = 2 ** 28;

/**
 * Lists the entries of a zip archive, all of which must be stored uncompressed, as by torch.save(): a tensor can then
 * be read in place, and nothing expands beyond the file's size. Names are only compared, never used as paths.
 * @throws InputError that names the entry
 */
export const readZip = (file: FileBytes): Map<string, ZipEntry> => new ZipReader(file).entries();

class ZipReader {
  readonly #file: FileBytes;

  constructor(file: FileBytes) {
    this.#file = file;
  }

  entries(): Map<string, ZipEntry> {
    const directory = this.#findDirectory();
    const bytes = this.#view(directory.offset, directory.size, 'its directory');
    const entries = new Map<string, ZipEntry>();
    let at = 0;
    for (let i = 0; i < directory.entries; i++) {
      if (at + CENTRAL.bytes > bytes.byteLength || bytes.getUint32(at, true) !== CENTRAL.signature)
        this.#fail(`entry ${i} of its directory is broken`);
      const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => bytes.getUint16(at + field, true)) as [
        number,
        number,
        number,
      ];
      const next = at + CENTRAL.bytes + nameBytes + extraBytes + commentBytes;
      if (next > bytes.byteLength) this.#fail(`entry ${i} of its directory is cut`);
      const name = new TextDecoder().decode(new Uint8Array(bytes.buffer, at + CENTRAL.bytes, nameBytes));
      if (entries.has(name)) this.#fail(`it has two entries named ${name}`);
      entries.set(name, this.#entry(bytes, at, { name, extra: at + CENTRAL.bytes + nameBytes, extraBytes }));
      at = next;
    }
    return entries;
  }

  /** Reads the directory's entry at a position. */
  #entry(directory: DataView, at: number, { name, extra, extraBytes }: EntryName): ZipEntry {
    if (directory.getUint16(at + 8, true) & 1) this.#fail(`entry ${name} is encrypted`);
    if (directory.getUint16(at + 10, true) !== 0)
      this.#fail(`entry ${name} is compressed; expected uncompressed weights. Save the file again with torch.save()`);
    const [packed, unpacked, header] = this.#largeNumbers(directory, at, { name, extra, extraBytes });
    if (packed !== unpacked) this.#fail(`entry ${name} is stored in ${packed} bytes but declares ${unpacked}`);
    const offset = this.#contentOffset(header, name);
    const { size } = this.#file;
    if (offset + unpacked > size)
      this.#fail(`entry ${name} would lie at bytes ${offset} to ${offset + unpacked} of ${size}: it is truncated`);
    return { offset, size: unpacked };
  }

  #findDirectory(): { entries: number; size: number; offset: number } {
    const { size } = this.#file;
    const tailBytes = Math.min(size, END.bytes + MAX_COMMENT);
    const tail = this.#view(size - tailBytes, tailBytes, 'its end');
    let end = tailBytes - END.bytes;
    while (end >= 0 && tail.getUint32(end, true) !== END.signature) end--;
    if (end < 0) this.#fail('its end record is missing: it is truncated');
    let found = {
      entries: tail.getUint16(end + 10, true),
      size: tail.getUint32(end + 12, true),
      offset: tail.getUint32(end + 16, true),
    };
    const locator = end - LOCATOR64.bytes;
    if (locator >= 0 && tail.getUint32(locator, true) === LOCATOR64.signature) {
      const large = this.#view(this.#safe(tail, locator + 8), END64.bytes, 'its 64-bit end record');
      if (large.getUint32(0, true) !== END64.signature) this.#fail('its 64-bit end record is broken');
      found = { entries: this.#safe(large, 32), size: this.#safe(large, 40), offset: this.#safe(large, 48) };
    }
    if (found.size > MAX_DIRECTORY_BYTES) this.#fail(`it declares a directory of ${found.size} bytes`);
    return found;
  }

  /** Packed size, size and place of the header: in the 64-bit field (id 1) if they do not fit into 32 bits. */
  #largeNumbers(directory: DataView, entry: number, { name, extra, extraBytes }: EntryName): [number, number, number] {
    const numbers = [20, 24, 42].map((field) => directory.getUint32(entry + field, true)) as [number, number, number];
    for (let field = extra; field + 4 <= extra + extraBytes; field += 4 + directory.getUint16(field + 2, true)) {
      if (directory.getUint16(field, true) !== 1) continue;
      let position = field + 4;
      // In this order: size, packed size, place.
      for (const i of [1, 0, 2] as const)
        if (numbers[i] === 0xffffffff) {
          if (position + 8 > extra + extraBytes) this.#fail(`entry ${name} of its directory is cut`);
          numbers[i] = this.#safe(directory, position);
          position += 8;
        }
    }
    return numbers;
  }

  #contentOffset(header: number, name: string): number {
    const local = this.#view(header, LOCAL.bytes, `the header of entry ${name}`);
    if (local.getUint32(0, true) !== LOCAL.signature) this.#fail(`the header of entry ${name} is broken`);
    return header + LOCAL.bytes + local.getUint16(26, true) + local.getUint16(28, true);
  }

  #view(position: number, bytes: number, what: string): DataView {
    const { size } = this.#file;
    return position >= 0 && position + bytes <= size
      ? new DataView(this.#file.read(position, bytes, what).buffer)
      : this.#fail(`${what} would lie at bytes ${position} to ${position + bytes} of ${size}`);
  }

  #safe(from: DataView, position: number): number {
    const value = from.getBigUint64(position, true);
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : this.#fail(`it has a size or place of ${value}`);
  }

  #fail(problem: string): never {
    throw new InputError(`${this.#file.path} is not a zip archive as torch writes it: ${problem}.`);
  }
}

/** An entry's name, and the place of its extra fields in the directory. */
interface EntryName {
  name: string;
  extra: number;
  extraBytes: number;
}
