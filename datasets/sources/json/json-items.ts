import { InputError } from '../../../common/errors.ts';
import { longestRecord } from '../batch.ts';

const code = (character: string): number => character.charCodeAt(0);
const [QUOTE, BACKSLASH, COMMA] = [code('"'), code('\\'), code(',')];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [code('['), code(']'), code('{'), code('}')];
const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

/**
 * The bytes of the items of a JSON array, of objects that follow each other, or of the entries of one object. Only brackets, commas and quotes are
 * looked at: whether an item is JSON is for its reader to find.
 * @throws InputError for a file that ends within an item or goes on behind the array, and for an item of more than 16 MB
 */
export async function* jsonItems(
  pieces: AsyncIterable<Buffer>,
  name: string,
  entries: boolean,
): AsyncGenerator<Buffer> {
  const splitter = new Splitter(name, entries);
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    const seen = rest.length;
    const bytes = seen === 0 ? piece : Buffer.concat([rest, piece]);
    const kept = yield* splitter.split(bytes, seen);
    rest = bytes.subarray(kept);
    if (rest.length > longestRecord)
      throw new InputError(`${name}: item ${splitter.items + 1} is longer than 16 MB; give the prompts as JSON lines.`);
  }
  splitter.end();
}

class Splitter {
  readonly #name: string;
  readonly #open: number;
  readonly #close: number;
  items = 0;
  /** An array's items end at its commas and its last bracket, other items at theirs. */
  #mode: 'start' | 'array' | 'objects' | 'done' = 'start';
  /** Brackets that are open, the array's own too. */
  #depth = 0;
  #inText = false;
  #escaped = false;
  /** Whether the item at hand has begun, or must come. */
  #due = false;

  /** @param entries take the file for one object and give its entries, as an array's items */
  constructor(name: string, entries: boolean) {
    this.#name = name;
    [this.#open, this.#close] = entries ? [OPEN_OBJECT, CLOSE_OBJECT] : [OPEN_ARRAY, CLOSE_ARRAY];
  }

  /** Gives the items that end in `bytes`, of which the first `at` were seen before. @returns where the rest begins */
  *split(bytes: Buffer, at: number): Generator<Buffer, number> {
    let start = 0;
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (this.#inText) this.#text(byte);
      else if (isSpace(byte)) continue;
      else if (this.#mode === 'start' && byte === this.#open) {
        this.#mode = 'array';
        this.#depth = 1;
        start = at + 1;
      } else if (this.#mode === 'array') {
        const last = byte === this.#close && this.#depth === 1;
        if (last || (byte === COMMA && this.#depth === 1)) {
          if (this.#due || !last) yield this.#take(bytes.subarray(start, at));
          this.#due = !last; // behind a comma there must be an item
          if (last) this.#mode = 'done';
          start = at + 1;
        } else {
          this.#due = true;
          this.#step(byte);
        }
      } else {
        if (this.#mode === 'done' || (this.#depth === 0 && byte !== OPEN_OBJECT)) throw this.#unexpected();
        this.#mode = 'objects';
        this.#step(byte);
        if (this.#depth === 0) {
          yield this.#take(bytes.subarray(start, at + 1));
          start = at + 1;
        }
      }
    }
    return start;
  }

  /** @throws InputError when an item is not whole */
  end(): void {
    if (this.#mode === 'array' || (this.#mode === 'objects' && this.#depth > 0))
      throw new InputError(`${this.#name}: ends within item ${this.items + 1}; is it cut short, or a bracket missing?`);
  }

  #take(item: Buffer): Buffer {
    this.items++;
    return item;
  }

  #step(byte: number): void {
    if (byte === QUOTE) this.#inText = true;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) this.#depth++;
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) this.#depth--;
  }

  #text(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inText = false;
  }

  #unexpected(): InputError {
    return new InputError(
      this.#mode === 'done'
        ? `${this.#name}: something follows the ${this.#open === OPEN_ARRAY ? 'array' : 'object'} of ${this.items} items.`
        : `${this.#name}: item ${this.items + 1} is no JSON object; expected [{"prompt": "..."}, ...], or one object after the other.`,
    );
  }
}
