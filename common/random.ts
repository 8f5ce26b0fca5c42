/**
 * Keyed random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). A stream
 * is a pure function of its key, so a resumed run draws the same numbers as an uninterrupted one.
 */
const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** Returns the high and low 32 bits of a 32 x 32 bit product. */
function multiply(a: number, b: number): [high: number, low: number] {
  const a0 = a & 0xffff,
    a1 = a >>> 16,
    b0 = b & 0xffff,
    b1 = b >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const carry = a0 * b1 + (middle & 0xffff);
  return [(a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0, Math.imul(a, b) >>> 0];
}

/** Applies ten Philox rounds to a 128-bit counter under a 64-bit key. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const [h0, l0] = multiply(M0, c0);
    const [h1, l1] = multiply(M1, c2);
    [c0, c1, c2, c3] = [(h1 ^ c1 ^ k0) >>> 0, l1, (h0 ^ c3 ^ k1) >>> 0, l0];
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** FNV-1a of a string; identifies the purpose of a stream. */
function hashName(name: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** A random stream identified by (seed, purpose, two indices), for example (seed, 'noise', step, sample). */
export class RandomStream {
  readonly #key: [number, number];
  readonly #a: number;
  readonly #b: number;
  #block = 0;
  #buffer: number[] = [];

  constructor(seed: number, purpose: string, a = 0, b = 0) {
    this.#key = [seed >>> 0, hashName(purpose)];
    this.#a = a >>> 0;
    this.#b = b >>> 0;
  }

  /** Returns a uniform integer in [0, 2^32). */
  uint32(): number {
    if (this.#buffer.length === 0) this.#buffer = philox([this.#block++, this.#a, this.#b, 0], this.#key).reverse();
    return this.#buffer.pop()!;
  }

  /** Returns a uniform number in [0, 1), of 32 bits. */
  uniform(): number {
    return this.uint32() / 0x100000000;
  }

  /** Returns a uniform integer in [0, n). */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Returns one of the items. */
  choice<T>(items: readonly T[]): T {
    return items[this.integer(items.length)]!;
  }

  /** Returns `count` standard normal numbers (Box-Muller). */
  normal(count: number): Float32Array {
    const out = new Float32Array(count);
    for (let i = 0; i < count; i += 2) {
      const radius = Math.sqrt(-2 * Math.log((this.uint32() + 1) / 0x100000000));
      const angle = 2 * Math.PI * this.uniform();
      out[i] = radius * Math.cos(angle);
      if (i + 1 < count) out[i + 1] = radius * Math.sin(angle);
    }
    return out;
  }

  /** Returns 0 .. n-1 in random order (Fisher-Yates). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }
}
