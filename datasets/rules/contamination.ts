import { shinglesOfWords } from '../duplicates/shingles.ts';
import { wordsOf } from '../text/words.ts';

/** A benchmark prompt with fewer words is too common a phrase to search for anywhere in a text. */
const fewestWords = 4;
/** Separators between a prompt's parts: its tags, or its tags and sentences. */
const separators = [/[,;|\n]/, /[,;|\n]|[.:!?](?=\s|$)/];
/** Words that say nothing about the content of a picture. */
const stock = new Set(
  (
    '4k 8k 16k hd hdr uhd hq highly high ultra hyper quality resolution detailed details detail best masterpiece artstation ' +
    'trending on realistic photorealistic sharp focus cinematic octane render unreal engine beautiful stunning'
  ).split(' '),
);

interface Entry {
  benchmark: string;
  prompt: string;
  words: number;
  shingles: Uint32Array;
}

/** A benchmark prompt found in a text. */
export interface Contamination {
  benchmark: string;
  prompt: string;
  /** 1 if the words are the same. */
  similarity: number;
}

/**
 * Finds benchmark prompts in other prompts: as the whole text apart from stock words ("a prompt 8k"), as a part between
 * commas, as a sentence, as a run of words (if not too short), or approximately, as a run of the same length whose words
 * and pairs of adjacent words are similar.
 */
export class ContaminationIndex {
  readonly #similarity: number;
  readonly #exact = new Map<string, Entry>();
  /** First words of prompts that are only searched for as parts. */
  readonly #shortBeginnings = new Set<string>();
  /** Prompts by their rarest shingles: any similar text contains one of them. */
  readonly #rare = new Map<number, Entry[]>();

  /** @param similarity minimum Jaccard similarity of a run of words, in (0, 1] */
  constructor(benchmarks: Iterable<{ name: string; prompts: readonly string[] }>, similarity: number) {
    this.#similarity = similarity;
    const entries: Entry[] = [];
    for (const { name, prompts } of benchmarks) {
      for (const prompt of prompts) {
        const words = wordsOf(prompt);
        const key = words.join(' ');
        if (key === '' || this.#exact.has(key)) continue;
        const entry = { benchmark: name, prompt, words: words.length, shingles: shinglesOfWords(words) };
        this.#exact.set(key, entry);
        if (words.length >= fewestWords) entries.push(entry);
        else this.#shortBeginnings.add(words[0]!);
      }
    }
    const counts = new Map<number, number>();
    for (const { shingles } of entries) for (const each of shingles) counts.set(each, (counts.get(each) ?? 0) + 1);
    for (const entry of entries) {
      const byRarity = [...entry.shingles].sort((a, b) => counts.get(a)! - counts.get(b)! || a - b);
      // A similar text shares at least similarity * size shingles, so it must share one of the rarest size - that + 1.
      const enough = byRarity.length - Math.ceil(similarity * byRarity.length) + 1;
      for (const shingle of byRarity.slice(0, enough)) {
        const list = this.#rare.get(shingle);
        if (list) list.push(entry);
        else this.#rare.set(shingle, [entry]);
      }
    }
  }

  get empty(): boolean {
    return this.#exact.size === 0;
  }

  /** Finds a benchmark prompt in a text. @param words the text's words, from `wordsOf` */
  find(text: string, words: readonly string[]): Contamination | undefined {
    const same = this.#exact.get(words.join(' ')) ?? this.#part(text, words);
    if (same) return { benchmark: same.benchmark, prompt: same.prompt, similarity: 1 };

    const shingles = shinglesOfWords(words);
    const candidates = new Set<Entry>();
    for (const shingle of shingles) for (const entry of this.#rare.get(shingle) ?? []) candidates.add(entry);
    if (candidates.size === 0) return undefined;
    const all = new Set(shingles);
    for (const entry of candidates) {
      if (shared(entry.shingles, all) < this.#similarity * entry.shingles.length) continue;
      const similarity = bestStretch(entry, words);
      if (similarity >= this.#similarity) return { benchmark: entry.benchmark, prompt: entry.prompt, similarity };
    }
    return undefined;
  }

  /** Finds a prompt that is a part of the text, or all of it apart from stock words. */
  #part(text: string, words: readonly string[]): Entry | undefined {
    if (!words.some((word) => this.#shortBeginnings.has(word))) return undefined;
    for (const separator of separators) {
      for (const part of text.split(separator)) {
        const found = this.#exact.get(wordsOf(part).join(' '));
        if (found) return found;
      }
    }
    return this.#exact.get(words.filter((word) => !stock.has(word)).join(' '));
  }
}

/** Returns the largest similarity between an entry and a run of words of its length. */
function bestStretch(entry: Entry, words: readonly string[]): number {
  let best = 0;
  for (let from = 0; from === 0 || from + entry.words <= words.length; from++) {
    const stretch = shinglesOfWords(words.slice(from, from + entry.words));
    const both = shared(entry.shingles, new Set(stretch));
    best = Math.max(best, both / (entry.shingles.length + stretch.length - both));
  }
  return best;
}

function shared(shingles: Uint32Array, others: ReadonlySet<number>): number {
  let count = 0;
  for (const each of shingles) if (others.has(each)) count++;
  return count;
}
