import { InputError } from '../../common/errors.ts';
import { LANGUAGES } from '../rules/rule-names.ts';

/** With fewer words the detector guesses: it mistakes a quarter of English prompts of up to three words. */
const fewestWords = 4;

/** Detects whether a prompt is in one of the wanted languages. */
export class Languages {
  readonly #wanted: ReadonlySet<string>;
  readonly #detect: (text: string) => string;

  private constructor(wanted: ReadonlySet<string>, detect: (text: string) => string) {
    this.#wanted = wanted;
    this.#detect = detect;
  }

  /**
   * Loads the detector, which takes a second and 390 MB.
   * @param codes ISO 639-1 codes: en, de, zh, ...
   * @throws InputError for a language that the detector does not know
   */
  static async load(codes: readonly string[]): Promise<Languages> {
    const unknown = codes.find((code) => !(LANGUAGES as readonly string[]).includes(code));
    if (unknown !== undefined)
      throw new InputError(
        `filter.languages: "${unknown}" is not supported; expected some of ${LANGUAGES.join(', ')}.`,
      );
    const { eld } = await import('eld/large');
    return new Languages(new Set(codes), (text) => eld.detect(text).language);
  }

  /**
   * Returns the language of a prompt in none of the wanted languages; undefined if it is in one, or too short to tell.
   * @param words the prompt's words, from {@link file://./words.ts}
   */
  foreign(prompt: string, words: readonly string[]): string | undefined {
    if (words.length < fewestWords) return undefined;
    const found = this.#detect(prompt);
    return found === '' || this.#wanted.has(found) ? undefined : found;
  }
}
