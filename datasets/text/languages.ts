import { InputError } from '../../common/errors.ts';
import { LANGUAGES } from '../rules/rule-names.ts';

/** On fewer words the detector guesses: it takes a quarter of English prompts of up to three for another language. */
const fewestWords = 4;

/** Tells whether a prompt is in one of some languages. */
export class Languages {
  readonly #wanted: ReadonlySet<string>;
  readonly #detect: (text: string) => string;

  private constructor(wanted: ReadonlySet<string>, detect: (text: string) => string) {
    this.#wanted = wanted;
    this.#detect = detect;
  }

  /**
   * Loads the detector, which takes a second and 390 MB.
   * @param codes of ISO 639-1: en, de, zh, ...
   * @throws InputError for a language that the detector does not know
   */
  static async load(codes: readonly string[]): Promise<Languages> {
    const unknown = codes.find((code) => !(LANGUAGES as readonly string[]).includes(code));
    if (unknown !== undefined)
      throw new InputError(`filter.languages: "${unknown}" is not known; expected some of ${LANGUAGES.join(', ')}.`);
    const { eld } = await import('eld/large');
    return new Languages(new Set(codes), (text) => eld.detect(text).language);
  }

  /**
   * The language of a prompt that is in none of the wanted ones; undefined where it is, or is too short to tell.
   * @param words of the prompt, as {@link file://./words.ts} finds them
   */
  foreign(prompt: string, words: readonly string[]): string | undefined {
    if (words.length < fewestWords) return undefined;
    const found = this.#detect(prompt);
    return found === '' || this.#wanted.has(found) ? undefined : found;
  }
}
