import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const bufferLength = 1 << 16;

/** A list of 32-bit numbers that stays in memory while short and spills to a file when long. */
export class SpilledList {
  readonly #path: string;
  readonly #buffer = new Uint32Array(bufferLength);
  #file: number | undefined;
  #written = 0;
  #filled = 0;

  constructor(path: string) {
    this.#path = path;
  }

  get length(): number {
    return this.#written + this.#filled;
  }

  push(value: number): void {
    if (this.#filled === bufferLength) this.#flush();
    this.#buffer[this.#filled++] = value;
  }

  pushAll(values: Uint32Array): void {
    if (this.#filled + values.length > bufferLength) {
      for (let i = 0; i < values.length; i++) this.push(values[i]!);
      return;
    }
    this.#buffer.set(values, this.#filled);
    this.#filled += values.length;
  }

  /** Reads `count` numbers starting at `from` into the beginning of `target`. */
  read(from: number, count: number, target: Uint32Array): void {
    const fromFile = Math.max(0, Math.min(count, this.#written - from));
    if (fromFile > 0) readSync(this.#file!, target, 0, fromFile * 4, from * 4);
    for (let i = fromFile; i < count; i++) target[i] = this.#buffer[from + i - this.#written]!;
  }

  /** Returns the whole list. */
  all(): Uint32Array {
    const whole = new Uint32Array(this.length);
    const piece = 1 << 24;
    for (let at = 0; at < whole.length; at += piece) {
      this.read(at, Math.min(piece, whole.length - at), whole.subarray(at));
    }
    return whole;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #flush(): void {
    this.#file ??= openSync(this.#path, 'w+');
    const bytes = Buffer.from(this.#buffer.buffer, 0, this.#filled * 4);
    for (let at = 0; at < bytes.length;)
      at += writeSync(this.#file, bytes, at, bytes.length - at, this.#written * 4 + at);
    this.#written += this.#filled;
    this.#filled = 0;
  }
}
