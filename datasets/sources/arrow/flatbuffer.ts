/** Maximum nesting, deeper than any real schema. */
const deepest = 64;

/**
 * A table of a flatbuffer (flatbuffers.dev, internals). Every read is checked to lie within the bytes.
 * @throws Error from each method if a read is out of bounds
 */
export class FlatTable {
  readonly #view: DataView;
  readonly #at: number;
  readonly #fields: number;
  readonly #depth: number;

  constructor(view: DataView, at: number, depth = 0) {
    if (depth > deepest) throw new Error(`tables nested more than ${deepest} levels deep`);
    this.#view = view;
    this.#at = at;
    this.#depth = depth;
    this.#fields = at - this.#int32(at);
    if (this.#fields < 0 || this.#fields + 4 > view.byteLength) throw new Error('a table outside the message');
  }

  /** Returns the root table of a buffer. */
  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(view, view.getUint32(0, true));
  }

  int(field: number, bits: 8 | 16 | 32 | 64): number {
    const at = this.#place(field);
    if (at === 0) return 0;
    if (bits === 8) return this.#view.getUint8(at);
    if (bits === 16) return this.#view.getInt16(at, true);
    return bits === 32 ? this.#int32(at) : this.#int64(at);
  }

  table(field: number): FlatTable | undefined {
    const at = this.#place(field);
    return at === 0 ? undefined : new FlatTable(this.#view, this.#target(at), this.#depth + 1);
  }

  tables(field: number): FlatTable[] {
    const [start, length] = this.#vector(field, 4);
    return Array.from({ length }, (_, i) => new FlatTable(this.#view, this.#target(start + 4 * i), this.#depth + 1));
  }

  text(field: number): string {
    const [start, length] = this.#vector(field, 1);
    return Buffer.from(this.#view.buffer, this.#view.byteOffset + start, length).toString('utf8');
  }

  /** Returns the 64-bit integers in a vector of structs or numbers. */
  int64s(field: number, bytes: number): number[] {
    const [start, length] = this.#vector(field, bytes);
    return Array.from({ length: (length * bytes) / 8 }, (_, i) => this.#int64(start + 8 * i));
  }

  #place(field: number): number {
    const slot = 4 + 2 * field;
    if (slot + 2 > this.#view.getUint16(this.#fields, true)) return 0;
    const offset = this.#view.getUint16(this.#fields + slot, true);
    return offset === 0 ? 0 : this.#at + offset;
  }

  #vector(field: number, bytes: number): [start: number, length: number] {
    const at = this.#place(field);
    if (at === 0) return [0, 0];
    const start = this.#target(at);
    const length = this.#view.getUint32(start, true);
    if (start + 4 + length * bytes > this.#view.byteLength) throw new Error(`a list of ${length} items`);
    return [start + 4, length];
  }

  #target(at: number): number {
    return at + this.#view.getUint32(at, true);
  }

  #int32(at: number): number {
    return this.#view.getInt32(at, true);
  }

  #int64(at: number): number {
    return Number(this.#view.getBigInt64(at, true));
  }
}
