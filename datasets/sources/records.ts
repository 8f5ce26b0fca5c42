/** How the fields of a table in text are set apart: one character each. */
export interface Dialect {
  delimiter: string;
  /** Encloses fields that contain delimiters, line ends or, doubled, itself; undefined: no quoting at all. */
  quote?: string;
}

const quoted = (delimiter: string): Dialect => ({ delimiter, quote: '"' });

/** How a table may be written, the usual way first: the first whose header has the prompt column is the table's. */
export const csv: readonly Dialect[] = [',', ';', '\t', '|'].map(quoted);
export const tsv: readonly Dialect[] = [{ delimiter: '\t' }, ...[',', ';', '|'].map(quoted)];

const [LF, CR] = [0x0a, 0x0d];

/**
 * Reads records of a table from its bytes, one at a time (RFC 4180; also CR and mixed line ends, and quotes inside of
 * unquoted fields). What it found stays until the next call.
 */
export class RecordScanner {
  /** Number of fields. */
  fields = 0;
  /** Where the next record begins; behind a fault, the next line. */
  next = 0;
  /** Line ends up to there. */
  lines = 0;
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #quoteText: string;
  // Of each field, without its quotes.
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #doubled: boolean[] = [];
  #bytes: Buffer = Buffer.alloc(0);

  constructor({ delimiter, quote }: Dialect) {
    this.#delimiter = delimiter.charCodeAt(0);
    this.#quote = quote?.charCodeAt(0) ?? -1;
    this.#quoteText = quote ?? '';
  }

  /**
   * Scans the record that begins at `at`.
   * @param final whether the bytes end where the table does
   * @returns `more` when the bytes end within the record and the table does not; else `record`, or what is wrong with it
   */
  scan(bytes: Buffer, at: number, final: boolean): 'record' | 'more' | { reason: string } {
    this.#bytes = bytes;
    this.fields = 0;
    this.lines = 0;
    const begin = at;
    const length = bytes.length;
    for (;;) {
      if (bytes[at] === this.#quote) {
        at = this.#quoted(at + 1);
        if (at < 0 || (at === length && !final)) {
          return final ? this.#fault(begin, final, 'opens a quote that is never closed') : 'more';
        }
        const byte = bytes[at];
        if (at < length && byte !== this.#delimiter && byte !== LF && byte !== CR)
          return this.#fault(
            begin,
            final,
            'has text behind a closing quote; quotes within quotes must be doubled ("")',
          );
      } else {
        const start = at;
        at = this.#plain(at);
        if (at === length && !final) return 'more';
        this.#add(start, at, false);
      }
      if (bytes[at] !== this.#delimiter) break;
      at++;
    }
    return this.#lineEnd(at, final) ? 'record' : 'more';
  }

  /** The text of a field. */
  text(field: number): string {
    const text = this.#bytes.toString('utf8', this.#starts[field]!, this.#ends[field]!);
    return this.#doubled[field] ? text.replaceAll(this.#quoteText + this.#quoteText, this.#quoteText) : text;
  }

  /** Whether the record is a line without anything on it. */
  get blank(): boolean {
    return this.fields === 1 && this.#starts[0] === this.#ends[0];
  }

  /** Gives up the record that begins at `begin`: reading goes on behind its first line. False when that may go on. */
  skipLine(begin: number, final: boolean): boolean {
    const bytes = this.#bytes;
    this.lines = 0;
    let at = begin;
    while (at < bytes.length && bytes[at] !== LF && bytes[at] !== CR) at++;
    return (at < bytes.length || final) && this.#lineEnd(at, final);
  }

  #fault(begin: number, final: boolean, reason: string): { reason: string } | 'more' {
    return this.skipLine(begin, final) ? { reason } : 'more';
  }

  #add(start: number, end: number, doubled: boolean): void {
    this.#starts[this.fields] = start;
    this.#ends[this.fields] = end;
    this.#doubled[this.fields] = doubled;
    this.fields++;
  }

  /** Adds the field whose content begins at `at`; gives the place behind its closing quote, or -1 without one. */
  #quoted(at: number): number {
    const [bytes, quote] = [this.#bytes, this.#quote];
    const start = at;
    let doubled = false;
    for (const length = bytes.length; at < length; at++) {
      const byte = bytes[at]!;
      if (byte === quote) {
        if (bytes[at + 1] !== quote) {
          this.#add(start, at, doubled);
          return at + 1;
        }
        doubled = true;
        at++;
      } else if (byte === LF || (byte === CR && bytes[at + 1] !== LF)) this.lines++;
    }
    return -1;
  }

  #plain(at: number): number {
    const [bytes, delimiter] = [this.#bytes, this.#delimiter];
    for (const length = bytes.length; at < length; at++) {
      const byte = bytes[at]!;
      if (byte === delimiter || byte === LF || byte === CR) break;
    }
    return at;
  }

  /** Takes the line end at `at`; false when its other half may be missing. */
  #lineEnd(at: number, final: boolean): boolean {
    const bytes = this.#bytes;
    if (at < bytes.length) {
      if (bytes[at] === CR && at + 1 === bytes.length && !final) return false;
      at += bytes[at] === CR && bytes[at + 1] === LF ? 2 : 1;
      this.lines++;
    }
    this.next = at;
    return true;
  }
}
