import { join } from 'node:path';
import { argsort } from './argsort.ts';
import { bands, MinHash, sketchMatches, sketchWords } from './min-hash.ts';
import { SpilledList } from './spill.ts';
import { sharedShingles, shinglesOf } from './shingles.ts';

/** Number of preceding members of its candidate group that each text is compared with. */
const window = 8;
/** A candidate this many standard deviations below the expected number of matches is not compared exactly. */
const slack = 3;

/**
 * Finds near duplicates among millions of texts: texts whose MinHash signatures agree in a band are candidates, which are
 * compared by the exact Jaccard similarity of their words and pairs of adjacent words. Similar texts are joined, so two
 * texts in a group may be similar only through a third.
 *
 * Memory: 60 bytes per text. Signatures and shingles are in files below `scratch`.
 */
export class NearDuplicates {
  readonly #similarity: number;
  readonly #leastMatches: number;
  readonly #hash = new MinHash();
  readonly #keys: SpilledList[];
  readonly #shingles: SpilledList;
  /** Start of each text's shingles, and the end of the last text's. */
  readonly #starts: Float64Array;
  readonly #sketches: Uint32Array;
  readonly #parents: Uint32Array;
  #count = 0;
  /** Pairs that were compared. */
  compared = 0;

  /**
   * @param count number of texts that will be added
   * @param similarity minimum similarity of near duplicates, in (0, 1]
   */
  constructor(scratch: string, count: number, similarity: number) {
    this.#similarity = similarity;
    const expected = similarity + (1 - similarity) / 16;
    const places = sketchWords * 8;
    this.#leastMatches = places * expected - slack * Math.sqrt(places * expected * (1 - expected));
    this.#keys = Array.from({ length: bands }, (_, band) => new SpilledList(join(scratch, `band-${band}`)));
    this.#shingles = new SpilledList(join(scratch, 'shingles'));
    this.#starts = new Float64Array(count + 1);
    this.#sketches = new Uint32Array(count * sketchWords);
    this.#parents = Uint32Array.from({ length: count }, (_, i) => i);
  }

  add(text: string): void {
    const shingles = shinglesOf(text);
    this.#hash.sign(shingles);
    for (let band = 0; band < bands; band++) this.#keys[band]!.push(this.#hash.keys[band]!);
    this.#shingles.pushAll(shingles);
    this.#sketches.set(this.#hash.sketch, this.#count * sketchWords);
    this.#starts[++this.#count] = this.#shingles.length;
  }

  /**
   * Joins near duplicates into groups.
   * @param progress called after each band
   * @returns for each text, the first text of its group in the order of adding
   */
  groups(progress: (band: number) => void = () => {}): Uint32Array {
    for (let band = 0; band < bands; band++) {
      this.#joinBand(this.#keys[band]!.all(), this.#keys[(band + 1) % bands]!);
      progress(band + 1);
    }
    for (let i = 0; i < this.#count; i++) this.#parents[i] = this.#find(i);
    for (const list of [...this.#keys, this.#shingles]) list.close();
    return this.#parents;
  }

  #joinBand(keys: Uint32Array, next: SpilledList): void {
    const order = argsort(keys);
    let nextKeys: Uint32Array | undefined;
    for (let start = 0, end; start < order.length; start = end) {
      for (end = start + 1; end < order.length && keys[order[end]!] === keys[order[start]!];) end++;
      if (end - start === 1) continue;
      const group = order.subarray(start, end);
      if (group.length > window) {
        // Put texts that also agree in the next band next to each other.
        const known = (nextKeys ??= next.all());
        group.sort((a, b) => known[a]! - known[b]! || a - b);
      }
      for (let i = 1; i < group.length; i++) {
        for (let j = i - 1; j >= Math.max(0, i - window); j--) this.#compare(group[i]!, group[j]!);
      }
    }
  }

  #compare(a: number, b: number): void {
    const [rootA, rootB] = [this.#find(a), this.#find(b)];
    if (rootA === rootB) return;
    const matches = sketchMatches(this.#sketches, a * sketchWords, this.#sketches, b * sketchWords);
    if (matches < this.#leastMatches) return;
    this.compared++;
    if (this.#alike(a, b)) this.#parents[Math.max(rootA, rootB)] = Math.min(rootA, rootB);
  }

  #find(text: number): number {
    const parents = this.#parents;
    while (parents[text] !== text) text = parents[text] = parents[parents[text]!]!;
    return text;
  }

  /** Returns whether the Jaccard similarity is large enough. */
  #alike(a: number, b: number): boolean {
    const [inA, inB] = [this.#read(a, 0), this.#read(b, 1)];
    const [m, n] = [inA.length, inB.length];
    // shared / (m + n - shared) >= similarity
    const needed = (this.#similarity * (m + n)) / (1 + this.#similarity);
    if (Math.min(m, n) < needed || m === 0) return false;
    return sharedShingles(inA, inB) >= needed;
  }

  #buffers = [new Uint32Array(256), new Uint32Array(256)];
  #read(text: number, side: 0 | 1): Uint32Array {
    const start = this.#starts[text]!;
    const count = this.#starts[text + 1]! - start;
    if (this.#buffers[side]!.length < count) this.#buffers[side] = new Uint32Array(2 * count);
    this.#shingles.read(start, count, this.#buffers[side]!);
    return this.#buffers[side]!.subarray(0, count);
  }
}
