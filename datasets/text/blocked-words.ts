import { wordsOf } from './words.ts';

/** A list of words and phrases, matched as whole words, ignoring case and punctuation. */
export class BlockedWords {
  readonly #words = new Set<string>();
  readonly #phrases: string[] = [];

  constructor(entries: Iterable<string>) {
    for (const entry of entries) {
      const parts = wordsOf(entry.normalize('NFC'));
      if (parts.length === 1) this.#words.add(parts[0]!);
      else if (parts.length > 1) this.#phrases.push(` ${parts.join(' ')} `);
    }
  }

  /** Whether the list is empty. */
  get empty(): boolean {
    return this.#words.size === 0 && this.#phrases.length === 0;
  }

  /** Returns the first word or phrase of the list in the text. */
  find(text: string): string | undefined {
    return this.empty ? undefined : this.findIn(wordsOf(text));
  }

  /** Does the same for a text already split into words. */
  findIn(words: readonly string[]): string | undefined {
    const word = words.find((each) => this.#words.has(each));
    if (word !== undefined || this.#phrases.length === 0) return word;
    const line = ` ${words.join(' ')} `;
    return this.#phrases.find((phrase) => line.includes(phrase))?.trim();
  }
}
