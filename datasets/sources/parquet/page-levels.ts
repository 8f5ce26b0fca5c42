/** The highest levels of a leaf: 0 repetitions outside lists, 0 definitions where nothing above it or it can be null. */
export interface Levels {
  repetitions: number;
  definitions: number;
}

/** What the levels of a page say of its values. */
export interface LevelCounts {
  /** Values that begin a row. */
  rows: number;
  /** Values that are not null. */
  present: number;
}

/** Parquet's numbers of encodings (parquet.thrift). */
export const encodings = { plain: 0, plainDictionary: 2, rle: 3, deltaLength: 6, delta: 7, dictionary: 8 };

/** How to read a page: the numbers of its header, and what its column says. */
export interface PageShape {
  /** Values, nulls included. */
  values: number;
  encoding: number;
  levels: Levels;
  /** Whether the values are byte arrays, as all texts are. */
  texts: boolean;
}

/**
 * Reads the levels of a data page of version 1, and checks that they are as many as its values, and that the values that they
 * say are present fill the rest of the page.
 * @param page unpacked: levels of repetition, levels of definition, values
 * @throws Error naming the inconsistency
 */
export function countLevels(page: Uint8Array, { values, encoding, levels, texts }: PageShape): LevelCounts {
  const reader = new Reader(page);
  const of = (highest: number, wanted: number): number =>
    highest === 0 ? values : countRuns(reader.section(), 32 - Math.clz32(highest), values, { wanted, highest });
  const rows = of(levels.repetitions, 0);
  const present = of(levels.definitions, levels.definitions);
  if (texts) checkTexts(reader.take(reader.left), encoding, present);
  return { rows, present };
}

/** Zeros that fastparquet puts behind the texts of a page. */
const padding = 8;

/**
 * Checks that a page's values are `present` texts.
 * @param bytes unpacked, what follows the levels
 * @throws Error naming the inconsistency
 */
export function checkTexts(bytes: Uint8Array, encoding: number, present: number): void {
  const reader = new Reader(bytes);
  if (encoding === encodings.plain) {
    for (let i = 0; i < present; i++) reader.take(reader.uint32());
    const { left } = reader;
    if (left > 0 && !(left === padding && reader.take(left).every((byte) => byte === 0)))
      throw new Error(`${left} bytes follow its ${present} texts`);
  } else if (encoding === encodings.dictionary || encoding === encodings.plainDictionary) {
    if (present === 0 && reader.left === 0) return;
    const width = reader.byte();
    if (width > 32) throw new Error(`indices of ${width} bits`);
    if (width > 0) countRuns(reader, width, present, { whole: true });
  } else if (isDelta(encoding)) {
    skipDeltas(reader, present);
    if (encoding === encodings.delta) skipDeltas(reader, present);
  }
}

/** Whether texts are stored as differences of their lengths, or of themselves, from those before them. */
export const isDelta = (encoding: number): boolean =>
  encoding === encodings.deltaLength || encoding === encodings.delta;

/** Passes `wanted` numbers, packed as differences in blocks of parts (DELTA_BINARY_PACKED). */
function skipDeltas(reader: Reader, wanted: number): void {
  const [block, parts, total] = [reader.varint(), reader.varint(), reader.varint()];
  if (total !== wanted) throw new Error(`it has ${total} texts, by its levels ${wanted}`);
  const size = block / parts;
  if (!(size > 0 && size % 32 === 0)) throw new Error(`blocks of ${block} differences in ${parts} parts`);
  reader.passVarint(); // the first number
  for (let left = total - 1; left > 0;) {
    reader.passVarint(); // the smallest difference
    for (const width of reader.take(parts)) {
      if (left <= 0) break; // parts without numbers are not stored
      if (width > 64) throw new Error(`differences of ${width} bits`);
      reader.take((width * size) / 8);
      left -= size;
    }
  }
}

/** The head of a bit-packed run of no numbers; that of another such run is 0. */
const emptyRun = 1;

interface Runs {
  /** The number to count. */
  wanted?: number;
  /** The largest number that may occur. */
  highest?: number;
  /** Whether the bytes end with the numbers. The last run may be longer: writers fill it with any numbers. */
  whole?: boolean;
}

/**
 * Reads the runs of Parquet's RLE and bit-packed hybrid until they have `total` numbers.
 * @param width bits of a number
 * @returns how many of them are the wanted one
 * @throws Error where there are fewer or more numbers, or one that is too large
 */
function countRuns(
  reader: Reader,
  width: number,
  total: number,
  { wanted = -1, highest = Infinity, whole = false }: Runs,
): number {
  let count = 0;
  let seen = 0;
  const add = (value: number, times: number): void => {
    if (value > highest) throw new Error(`a level of ${value}; the highest is ${highest}`);
    if (value === wanted) count += times;
    seen += times;
  };
  while (seen < total) {
    const head = reader.varint();
    if (head % 2 === 0) {
      const times = head / 2;
      if (times > total - seen) throw new Error(`${seen + times} levels or indices for ${total} values`);
      add(reader.little(Math.ceil(width / 8)), times);
    } else {
      const packed = reader.bits(width, ((head - 1) / 2) * 8);
      const own = Math.min(packed.length, total - seen);
      for (let i = 0; i < own; i++) add(packed.at(i), 1);
    }
  }
  if (whole)
    while (reader.left > 0) if (reader.byte() > emptyRun) throw new Error(`indices follow those of its ${total} texts`);
  return count;
}

/** Reads numbers from bytes, and none beyond them. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(length: number): Uint8Array {
    if (length > this.left) throw new Error(`its values end ${length - this.left} bytes beyond it`);
    return this.#bytes.subarray(this.#at, (this.#at += length));
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  /** An unsigned little-endian number of up to 4 bytes. */
  little(length: number): number {
    return this.take(length).reduce((sum, byte, i) => sum + byte * 2 ** (8 * i), 0);
  }

  uint32(): number {
    const at = this.#at;
    this.take(4);
    return this.#view.getUint32(at, true);
  }

  /** Bytes that their length precedes. */
  section(): Reader {
    return new Reader(this.take(this.uint32()));
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error('a number of more than 32 bits');
  }

  /** Passes a number of up to 64 bits. */
  passVarint(): void {
    while (this.byte() >= 0x80);
  }

  /** `length` numbers of `width` bits each, the lowest bits first. */
  bits(width: number, length: number): { length: number; at: (i: number) => number } {
    const bytes = this.take((width * length) / 8);
    const at = (i: number): number => {
      let value = 0;
      for (let bit = 0; bit < width; bit++) {
        const place = i * width + bit;
        if (((bytes[place >> 3]! >> (place & 7)) & 1) === 1) value += 2 ** bit;
      }
      return value;
    };
    return { length, at };
  }
}
