import { InputError } from '../../../common/errors.ts';
import { longestRecord } from '../batch.ts';

const code = (character: string): number => character.charCodeAt(0);
const [QUOTE, BACKSLASH, COMMA] = [code('"'), code('\\'), code(',')];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [code('['), code(']'), code('{'), code('}')];
const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

/**
 * Yields the bytes of the items of a JSON array, of a sequence of objects, or of the entries of one object. Looks only at
 * brackets, commas and quotes: the caller parses the items.
 * @throws InputError for a file that ends within an item or continues after the array, and for an item of more than 16 MB
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
  /** An array's items end at its commas and closing bracket, other items at their own closing bracket. */
  #mode: 'start' | 'array' | 'objects' | 'done' = 'start';
  /** Number of open brackets, including the array's own. */
  #depth = 0;
  #inText = false;
  #escaped = false;
  /** Whether the current item has begun, or is required. */
  #due = false;

  /** @param entries whether to read the file as one object and yield its entries like an array's items */
  constructor(name: string, entries: boolean) {
    this.#name = name;
    [this.#open, this.#close] = entries ? [OPEN_OBJECT, CLOSE_OBJECT] : [OPEN_ARRAY, CLOSE_ARRAY];
  }

  /** Yields the items that end in `bytes`, skipping the first `at` bytes already scanned. @returns the start of the rest */
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
          this.#due = !last; // an item must follow a comma
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

  /** Ends the input. @throws InputError when an item is incomplete */
  end(): void {
    if (this.#mode === 'array' || (this.#mode === 'objects' && this.#depth > 0))
      throw new InputError(
        `${this.#name}: ends within item ${this.items + 1}; is it cut short, or is a bracket missing?`,
      );
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
        : `${this.#name}: item ${this.items + 1} is not a JSON object; expected [{"prompt": "..."}, ...], or one object after another.`,
    );
  }
}
