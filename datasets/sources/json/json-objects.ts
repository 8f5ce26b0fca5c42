import { memberOf, promptOf, promptPlace, type PromptPlace } from '../columns.ts';
import { reasonOf } from '../../../common/text/reason.ts';

/** Finds the prompts in JSON values: objects with columns as keys, or the prompts themselves. */
export class PromptFinder {
  readonly #name: string;
  readonly #wanted: string | undefined;
  #place: (PromptPlace & { key: string }) | undefined;

  constructor(name: string, wanted: string | undefined) {
    this.#name = name;
    this.#wanted = wanted;
  }

  /**
   * Returns the prompt of a value, null if it has none, or the reason why it is not a row.
   * @throws InputError when the first object has no prompt column
   */
  find(json: string): string | null | { reason: string } {
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch (error) {
      return { reason: `is not JSON (${reasonOf(error, 200)})` };
    }
    return this.#promptOf(value, json);
  }

  /**
   * Returns the prompt of an entry of an object whose keys are file names: `"a.png": "a cat"` or
   * `"a.png": {"caption": "a cat"}`.
   * @throws InputError as {@link find} does
   */
  findEntry(json: string): string | null | { reason: string } {
    let entries: [string, unknown][];
    try {
      entries = Object.entries(JSON.parse(`{${json}}`) as object);
    } catch (error) {
      return { reason: `is not JSON (${reasonOf(error, 200)})` };
    }
    const [[, value] = ['', null]] = entries;
    return value === null ? null : this.#promptOf(value, json);
  }

  #promptOf(value: unknown, json: string): string | null | { reason: string } {
    if (typeof value === 'string') return value.toWellFormed();
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return { reason: `is ${json.trim().slice(0, 60)}; expected an object such as {"prompt": "..."}` };
    this.#place ??= this.#placeIn(Object.keys(value));
    const { key } = this.#place;
    const member = memberOf(value, key);
    return 'reason' in member ? member : promptOf(member.value, this.#place, key);
  }

  #placeIn(columns: readonly string[]): PromptPlace & { key: string } {
    const place = promptPlace(this.#name, columns, this.#wanted);
    return { ...place, key: columns[place.column]! };
  }
}
