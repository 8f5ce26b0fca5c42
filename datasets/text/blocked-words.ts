import { wordsOf } from './words.ts';

/** A list of words and phrases, matched as whole words whatever their letter case and the signs between them. */
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

  /** Nothing can be found. */
  get empty(): boolean {
    return this.#words.size === 0 && this.#phrases.length === 0;
  }

  /** The first word or phrase of the list that the text contains. */
  find(text: string): string | undefined {
    return this.empty ? undefined : this.findIn(wordsOf(text));
  }

  /** The same for a text whose words are known. */
  findIn(words: readonly string[]): string | undefined {
    const word = words.find((each) => this.#words.has(each));
    if (word !== undefined || this.#phrases.length === 0) return word;
    const line = ` ${words.join(' ')} `;
    return this.#phrases.find((phrase) => line.includes(phrase))?.trim();
  }
}
