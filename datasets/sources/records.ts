/** Delimiter and quote of a text table, one character each. */
export interface Dialect {
  delimiter: string;
  /** Encloses fields with delimiters, line ends or doubled quotes; undefined: no quoting at all. */
  quote?: string;
}

const quoted = (delimiter: string): Dialect => ({ delimiter, quote: '"' });

/** Dialects of CSV, most usual first: the first in which the header has the prompt column is used. */
export const csv: readonly Dialect[] = [',', ';', '\t', '|'].map(quoted);
export const tsv: readonly Dialect[] = [{ delimiter: '\t' }, ...[',', ';', '|'].map(quoted)];

const [LF, CR] = [0x0a, 0x0d];

/**
 * Scans the records of a table one at a time (RFC 4180; also CR and mixed line ends, and quotes inside unquoted fields).
 * Its results stay valid until the next call.
 */
export class RecordScanner {
  /** Number of fields. */
  fields = 0;
  /** Start of the next record; after a fault, of the next line. */
  next = 0;
  /** Number of line ends before it. */
  lines = 0;
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #quoteText: string;
  // Start and end of each field, without its quotes.
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
   * @param final whether the table ends with these bytes
   * @returns `more` when the bytes, but not the table, end within the record; else `record`, or the reason of a fault
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
          return this.#fault(begin, final, 'has text after a closing quote; quotes within quotes must be doubled ("")');
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

  /** Returns the text of a field. */
  text(field: number): string {
    const text = this.#bytes.toString('utf8', this.#starts[field]!, this.#ends[field]!);
    return this.#doubled[field] ? text.replaceAll(this.#quoteText + this.#quoteText, this.#quoteText) : text;
  }

  /** Whether the record is an empty line. */
  get blank(): boolean {
    return this.fields === 1 && this.#starts[0] === this.#ends[0];
  }

  /** Skips the record that begins at `begin` up to the end of its first line. False when that line may continue. */
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

  /** Adds the field whose content begins at `at`; returns the offset after its closing quote, or -1 without one. */
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

  /** Consumes the line end at `at`; false when its second half may be missing. */
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
