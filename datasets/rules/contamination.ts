import { shinglesOfWords } from '../duplicates/shingles.ts';
import { wordsOf } from '../text/words.ts';

/** A benchmark prompt of fewer words is too common a phrase to look for anywhere in a text. */
const fewestWords = 4;
/** Between the parts of a prompt: its tags, or its tags and sentences. */
const separators = [/[,;|\n]/, /[,;|\n]|[.:!?](?=\s|$)/];
/** Words that say nothing about what is in the picture. */
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

/** A benchmark's prompt that a text gives away. */
export interface Contamination {
  benchmark: string;
  prompt: string;
  /** 1 where the words are the same. */
  similarity: number;
}

/**
 * Finds prompts of benchmarks in other prompts: as the whole text, stock words aside ("a prompt 8k"), as a part of it
 * between commas or as a sentence, as a stretch of it (not those of few words), and nearly: a stretch as long as the
 * benchmark's prompt whose words and pairs of words are alike.
 */
export class ContaminationIndex {
  readonly #similarity: number;
  readonly #exact = new Map<string, Entry>();
  /** First words of prompts that are looked for as parts only. */
  readonly #shortBeginnings = new Set<string>();
  /** Prompts by their rarest shingles: whatever is alike has one of them. */
  readonly #rare = new Map<number, Entry[]>();

  /** @param similarity Jaccard similarity from which on a stretch is alike, in (0, 1] */
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
      // Alike means to share at least similarity * size of them, so one of the others' complement and one more.
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

  /** @param words those of the text, as `wordsOf` gives them */
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

  /** A prompt that is a part of the text, or all of it but stock words. */
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

/** The largest similarity of an entry with a stretch of its length. */
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
