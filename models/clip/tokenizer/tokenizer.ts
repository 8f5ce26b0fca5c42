import { InputError } from '../../../common/errors.ts';
import type { AddedTokens } from './added-tokens.ts';
import { BytePairs } from './byte-pairs.ts';
import { readTokenizer, type TokenizerParts } from './tokenizer-files.ts';

/**
 * CLIP's words: English contractions, runs of letters, single digits, runs of any other visible characters. The text of
 * a special token that does not count as one (in capitals, say) still begins and ends a word.
 */
const word = /<\|(?:start|end)oftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/gu;

const ascii = /^[\0-\x7f]*$/;
const [apostrophe, lessThan] = [0x27, 0x3c];
const writtenSpecial = ['<|startoftext|>', '<|endoftext|>'];
/** Splits the text of a special token into three words. */
const inWords = (found: string): string[] =>
  writtenSpecial.includes(found) ? [found.slice(0, 2), found.slice(2, -2), found.slice(-2)] : [found];
const contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];
const Kind = { space: 0, letter: 1, digit: 2, other: 3 } as const;
/** The kind of each lower-case ASCII character, as in `word`. */
const asciiKinds = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[a-z]/.test(character)) return Kind.letter;
  if (/[0-9]/.test(character)) return Kind.digit;
  return /\p{White_Space}/u.test(character) ? Kind.space : Kind.other;
});

/** Number of words cached with their ids; web prompts mostly repeat some ten thousand words. */
const cacheSize = 100_000;
/** Number of words whose number of ids is cached; a power of two. */
const countedSlots = 1 << 17;
/** Longer words are rare and not worth caching. */
const longestCached = 40;

/**
 * CLIP's byte-pair tokenizer, with the same results as Hugging Face's CLIPTokenizer: Unicode NFC, collapsed white
 * space, lower case, words, byte pairs with an end-of-word mark. Added tokens in the text become their ids.
 */
export class ClipTokenizer {
  readonly bosId: number;
  readonly eosId: number;
  readonly padId: number;
  /** Number of ids: the largest id + 1. */
  readonly size: number;
  /** Longest sequence of the text model, both ends included. */
  readonly modelMaxLength: number;
  readonly #pairs: BytePairs;
  readonly #added: AddedTokens;
  readonly #cache = new Map<string, number[]>();
  /** The latest word with each hash, and its number of ids. */
  readonly #countedWords = new Array<string | undefined>(countedSlots).fill(undefined);
  readonly #counts = new Uint16Array(countedSlots);

  constructor(parts: TokenizerParts) {
    this.bosId = parts.bos;
    this.eosId = parts.eos;
    this.padId = parts.pad;
    this.modelMaxLength = parts.maxLength;
    this.size =
      [...parts.vocabulary.values(), ...parts.added.ids.values()].reduce((largest, id) => Math.max(largest, id), 0) + 1;
    this.#pairs = new BytePairs(parts.vocabulary, parts.merges, '</w>', parts.unknown);
    this.#added = parts.added;
  }

  /**
   * Reads a tokenizer folder in the format of diffusers and transformers.
   * @throws InputError naming the file that is missing or wrong
   */
  static async load(folder: string): Promise<ClipTokenizer> {
    const parts = await readTokenizer(folder);
    try {
      return new ClipTokenizer(parts);
    } catch (error) {
      if (error instanceof RangeError) throw new InputError(`${folder}: ${error.message}.`);
      throw error;
    }
  }

  /** Ids of the added tokens, including the special ones, by content. */
  get added(): ReadonlyMap<string, number> {
    return this.#added.ids;
  }

  /** Returns token ids with the start and end token, neither padded nor cut. */
  encode(text: string): number[] {
    const ids = [this.bosId];
    this.#eachPiece(text, (piece) => {
      if (typeof piece === 'number') ids.push(piece);
      else for (const id of piece) ids.push(id);
    });
    ids.push(this.eosId);
    return ids;
  }

  /** Returns the length of `encode(text)`. */
  count(text: string): number {
    const lower = text.toLowerCase();
    if (ascii.test(text) && !this.#added.mayOccurIn(text, lower)) return this.#countAscii(lower);
    let count = 2;
    this.#eachPiece(text, (piece) => (count += typeof piece === 'number' ? 1 : piece.length));
    return count;
  }

  /** Fits `ids` (with both ends) to `length`: pads at the end, or cuts so that the end token stays last. */
  pad(ids: readonly number[], length: number = this.modelMaxLength): Int32Array {
    const out = new Int32Array(length).fill(this.padId);
    out.set(ids.slice(0, length));
    if (ids.length > length) out[length - 1] = this.eosId;
    return out;
  }

  /** Returns the padded ids of many texts: [texts, length], row-major. */
  batch(texts: readonly string[], length: number = this.modelMaxLength): Int32Array {
    const ids = new Int32Array(texts.length * length);
    texts.forEach((text, i) => ids.set(this.pad(this.encode(text), length), i * length));
    return ids;
  }

  /** Calls `visit` with each added token's id and each word's ids, in order. */
  #eachPiece(text: string, visit: (piece: number | number[]) => void): void {
    this.#added.split(text, (piece) => {
      if (typeof piece === 'number') visit(piece);
      else for (const found of (piece.match(word) ?? []).flatMap(inWords)) visit(this.#word(found));
    });
  }

  /** Counts the words of `word` character by character: three times as fast, and most prompts are ASCII. */
  #countAscii(text: string): number {
    let count = 2;
    for (let at = 0; at < text.length;) {
      const kind = asciiKinds[text.charCodeAt(at)]!;
      if (kind === Kind.space) {
        at++;
        continue;
      }
      const start = at;
      const special =
        text.charCodeAt(at) === lessThan ? writtenSpecial.find((each) => text.startsWith(each, at)) : undefined;
      if (special !== undefined) {
        for (const part of inWords(special)) count += this.#word(part).length;
        at += special.length;
        continue;
      }
      const contraction =
        text.charCodeAt(at) === apostrophe ? contractions.find((each) => text.startsWith(each, at)) : undefined;
      if (contraction !== undefined) at += contraction.length;
      else if (kind === Kind.digit) at++;
      else
        do at++;
        while (at < text.length && asciiKinds[text.charCodeAt(at)] === kind);
      count += this.#countWord(text, start, at);
    }
    return count;
  }

  /** Returns the number of ids of the word in [start, end) without making a string of it. */
  #countWord(text: string, start: number, end: number): number {
    let hash = 0x811c9dc5;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    const slot = (hash ^ (hash >>> 15)) & (countedSlots - 1);
    const known = this.#countedWords[slot];
    if (known !== undefined && known.length === end - start && text.startsWith(known, start))
      return this.#counts[slot]!;
    const word = text.slice(start, end);
    const count = this.#word(word).length;
    if (word.length <= longestCached) [this.#countedWords[slot], this.#counts[slot]] = [word, count];
    return count;
  }

  #word(text: string): number[] {
    const known = this.#cache.get(text);
    if (known) return known;
    const ids = this.#pairs.encode(text);
    if (text.length <= longestCached) {
      if (this.#cache.size >= cacheSize) this.#cache.clear();
      this.#cache.set(text, ids);
    }
    return ids;
  }
}
