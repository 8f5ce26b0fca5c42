import { MinHeap } from './min-heap.ts';
import { byteSymbols } from './tokenizer-bytes.ts';

/**
 * Byte-pair encoding of single words as in CLIP: merges the word's UTF-8 bytes, of which the last is marked as the end
 * of the word, pair by pair: the pair of lowest rank first, and the leftmost of several. Source: Sennrich et al.,
 * "Neural machine translation of rare words with subword units" (ACL 2016), on bytes as in GPT-2.
 */
export class BytePairs {
  readonly #inner = new Int32Array(256);
  readonly #last = new Int32Array(256);
  readonly #ranks = new Map<number, number>();
  readonly #merged: Int32Array;
  readonly #width: number;

  /**
   * @param vocabulary token -> id; tokens represent each byte by a printable symbol ({@link byteSymbols})
   * @param merges pairs of tokens, rank = index
   * @param endOfWord suffix of the tokens that end a word
   * @param unknown id for bytes that the vocabulary lacks
   * @throws RangeError that names a merge whose parts or result are not in the vocabulary
   */
  constructor(
    vocabulary: ReadonlyMap<string, number>,
    merges: readonly (readonly [string, string])[],
    endOfWord: string,
    unknown: number,
  ) {
    byteSymbols().forEach((symbol, byte) => {
      this.#inner[byte] = vocabulary.get(symbol) ?? unknown;
      this.#last[byte] = vocabulary.get(symbol + endOfWord) ?? unknown;
    });
    let largest = 0;
    for (const id of vocabulary.values()) largest = Math.max(largest, id);
    this.#width = largest + 1;
    this.#merged = new Int32Array(merges.length);
    merges.forEach(([left, right], rank) => {
      const [l, r, merged] = [vocabulary.get(left), vocabulary.get(right), vocabulary.get(left + right)];
      if (l === undefined || r === undefined || merged === undefined) {
        throw new RangeError(`merge ${rank + 1}, "${left} ${right}", has a part or result that the vocabulary lacks`);
      }
      this.#ranks.set(l * this.#width + r, rank);
      this.#merged[rank] = merged;
    });
  }

  /** Returns the token ids of one non-empty word. O(n log n) in its bytes, so a word of a megabyte is harmless. */
  encode(word: string): number[] {
    const bytes = Buffer.from(word, 'utf8');
    const n = bytes.length;
    const ids = Int32Array.from(bytes, (byte, i) => (i < n - 1 ? this.#inner : this.#last)[byte]!);
    const next = Int32Array.from(ids, (_, i) => i + 1);
    const previous = Int32Array.from(ids, (_, i) => i - 1);
    const rankAt = (at: number): number | undefined =>
      next[at]! < n ? this.#ranks.get(ids[at]! * this.#width + ids[next[at]!]!) : undefined;

    const candidates = new MinHeap(); // rank * n + position of the left part
    const consider = (at: number): void => {
      const rank = rankAt(at);
      if (rank !== undefined) candidates.push(rank * n + at);
    };
    for (let at = 0; at < n - 1; at++) consider(at);
    for (let key = candidates.pop(); key !== undefined; key = candidates.pop()) {
      const at = key % n;
      const rank = (key - at) / n;
      if (ids[at] === merged || rankAt(at) !== rank) continue; // one of the two has been merged with another
      const right = next[at]!;
      ids[at] = this.#merged[rank]!;
      ids[right] = merged;
      next[at] = next[right]!;
      if (next[at]! < n) previous[next[at]!] = at;
      if (previous[at]! >= 0) consider(previous[at]!);
      consider(at);
    }
    return Array.from(ids).filter((id) => id !== merged);
  }
}

/** Marks a symbol that became part of the one on its left. */
const merged = -1;
