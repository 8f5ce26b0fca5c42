const words = /[\p{L}\p{M}\p{N}]+/gu;

/** A list of words and phrases, matched as whole words whatever their letter case and the signs between them. */
export class BlockedWords {
  readonly #words = new Set<string>();
  readonly #phrases: string[] = [];

  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const parts = entry.normalize('NFC').toLowerCase().match(words) ?? [];
      if (parts.length === 1) this.#words.add(parts[0]);
      else if (parts.length > 1) this.#phrases.push(` ${parts.join(' ')} `);
    }
  }

  /** The first word or phrase of the list that the text contains. */
  find(text: string): string | undefined {
    if (this.#words.size === 0 && this.#phrases.length === 0) return undefined;
    const found = text.toLowerCase().match(words) ?? [];
    const word = found.find((each) => this.#words.has(each));
    if (word !== undefined || this.#phrases.length === 0) return word;
    const line = ` ${found.join(' ')} `;
    return this.#phrases.find((phrase) => line.includes(phrase))?.trim();
  }
}
