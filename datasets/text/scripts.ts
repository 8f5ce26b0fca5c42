import { InputError } from '../../common/errors.ts';
import { isScript } from '../rules/rule-names.ts';

const ascii = /^[^\u0080-\uffff]*$/;
const letters = /\p{L}/gu;

/** Measures how much of a text is in given scripts, by the Unicode properties of its letters. */
export class Scripts {
  readonly #letters: RegExp;
  readonly #latin: boolean;

  /**
   * @param names Unicode script names: Latin, Cyrillic, Han, ...
   * @throws InputError for an unknown script
   */
  constructor(names: readonly string[]) {
    const classes = names.map((name) => {
      if (isScript(name)) return `\\p{Script=${name}}`;
      throw new InputError(
        `filter.scripts: "${name}" is not a Unicode script; expected names such as Latin, Cyrillic, Greek, Han, Arabic.`,
      );
    });
    this.#letters = new RegExp(`(?=\\p{L})[${classes.join('')}]`, 'gu');
    this.#latin = names.includes('Latin');
  }

  /** Returns the share of the text's letters in these scripts; 1 for a text without letters. */
  share(text: string): number {
    if (this.#latin && ascii.test(text)) return 1;
    const all = text.match(letters)?.length ?? 0;
    return all === 0 ? 1 : (text.match(this.#letters)?.length ?? 0) / all;
  }
}
