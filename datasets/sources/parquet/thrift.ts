/** A struct by field number: integers as numbers, structs as maps, lists as arrays, binary as bytes. */
export type Struct = ReadonlyMap<number, Value>;
export type Value = number | boolean | Uint8Array | Struct | readonly Value[];

const [TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, STRUCT] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12];
const deepest = 64;

/** The bytes end too early; reading more of them may help. */
export class CutShort extends Error {}

/**
 * Reads a struct of Thrift's compact protocol. Its size in memory is at most a few times that of the bytes.
 * @throws CutShort when the bytes end before the struct does; Error if they are not a struct
 */
export function readStruct(bytes: Uint8Array, at = 0): { value: Struct; end: number } {
  const reader = new Reader(bytes, at);
  const value = reader.struct(0);
  return { value, end: reader.at };
}

class Reader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  struct(depth: number): Struct {
    if (depth > deepest) throw new Error(`structs nested more than ${deepest} times`);
    const fields = new Map<number, Value>();
    let id = 0;
    for (;;) {
      const head = this.#byte();
      if (head === 0) return fields;
      id = head >> 4 ? id + (head >> 4) : this.#zigzag();
      fields.set(id, this.#value(head & 15, depth));
    }
  }

  #value(type: number, depth: number): Value {
    if (type === TRUE || type === FALSE) return type === TRUE;
    if (type === BYTE) return (this.#byte() << 24) >> 24;
    if (type === I16 || type === I32 || type === I64) return this.#zigzag();
    if (type === DOUBLE) return this.#take(8);
    if (type === BINARY) return this.#take(this.#varint());
    if (type === LIST || type === SET) return this.#list(depth);
    if (type === STRUCT) return this.struct(depth + 1);
    throw new Error(`a field of the unknown type ${type}`);
  }

  #list(depth: number): readonly Value[] {
    const head = this.#byte();
    const [type, short] = [head & 15, head >> 4];
    const count = short === 15 ? this.#varint() : short;
    // Each element has at least one byte, even booleans.
    if (count > this.#bytes.length - this.at) throw new CutShort(`a list of ${count} items`);
    const bool = type === TRUE || type === FALSE;
    return Array.from({ length: count }, () => (bool ? this.#byte() === 1 : this.#value(type, depth + 1)));
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new CutShort('the bytes end within a struct');
    return byte;
  }

  #take(length: number): Uint8Array {
    if (length < 0 || length > this.#bytes.length - this.at) throw new CutShort(`a text of ${length} bytes`);
    return this.#bytes.subarray(this.at, (this.at += length));
  }

  #varint(): number {
    const value = this.#big();
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? Infinity : Number(value);
  }

  #zigzag(): number {
    const value = this.#big();
    return Number(value & 1n ? -(value + 1n) / 2n : value / 2n);
  }

  #big(): bigint {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new Error('a number of more than 64 bits');
  }
}
