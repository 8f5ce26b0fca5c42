import { NumberSet } from './number-set.ts';
import { wordsOf } from '../text/words.ts';

/** Computes 32-bit FNV-1a with a mixing finalizer. */
function hashWord(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  return mix(hash);
}

/** Mixes a 32-bit number bijectively so that each bit depends on all others (MurmurHash3's finalizer). */
export function mix(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const set = new NumberSet();
let list = new Uint32Array(1024);

function add(shingle: number): void {
  if (!set.add(shingle)) return;
  if (set.size > list.length) {
    const longer = new Uint32Array(list.length * 2);
    longer.set(list);
    list = longer;
  }
  list[set.size - 1] = shingle;
}

/**
 * Returns the distinct shingles of a sequence of words: each word and each pair of neighbors, as 32-bit hashes.
 * Words alone could not tell "a red circle on a blue square" from "a blue circle on a red square".
 */
export function shinglesOfWords(words: readonly string[]): Uint32Array {
  set.clear();
  let before = 0;
  for (let i = 0; i < words.length; i++) {
    const hash = hashWord(words[i]!);
    add(hash);
    if (i > 0) add(pair(before, hash));
    before = hash;
  }
  return list.slice(0, set.size);
}

const pair = (left: number, right: number): number => mix(Math.imul(left, 0x9e3779b1) ^ right);

export function shinglesOf(text: string): Uint32Array {
  return shinglesOfWords(wordsOf(text));
}

/** Counts the numbers that two sets share. */
export function sharedShingles(a: Uint32Array, b: Uint32Array): number {
  set.clear();
  for (let i = 0; i < a.length; i++) set.add(a[i]!);
  let shared = 0;
  for (let i = 0; i < b.length; i++) if (set.has(b[i]!)) shared++;
  return shared;
}
