import { isUtf8 } from 'node:buffer';
import { InputError } from '../../../common/errors.ts';
import { addRecord, emptyBatch, isFull, longestRecord, type PromptBatch } from '../batch.ts';
import { promptOf, promptPlace, type PromptPlace } from '../columns.ts';
import { RecordScanner, type Dialect } from '../records.ts';
import { incompleteTail, notUtf8 } from './utf8-text.ts';

/**
 * Reads the prompt column of a table with a header. If the header has none, tries other delimiters; a first line `sep=;`,
 * as in spreadsheets, sets the delimiter. Skips blank lines if the table has several columns. After a malformed record,
 * continues at the line after its first one.
 * @throws InputError for a header that cannot be read or has no prompt column
 */
export async function* readTable(
  pieces: AsyncIterable<Buffer>,
  name: string,
  dialects: readonly Dialect[],
  column?: string,
): AsyncGenerator<PromptBatch> {
  const table = new TableReader(name, dialects, column);
  let held: Buffer[] = [];
  let needed = 0;
  for await (const piece of pieces) {
    held.push(piece);
    if (held.reduce((sum, { length }) => sum + length, 0) < needed) continue;
    const bytes = held.length === 1 ? piece : Buffer.concat(held);
    const rest = bytes.subarray(yield* table.read(bytes, false));
    held = [rest];
    needed = Math.min(2 * rest.length, longestRecord + 1); // a long record is scanned again from its start
  }
  yield* table.read(Buffer.concat(held), true);
  table.end();
}

class TableReader {
  readonly #name: string;
  readonly #wanted: string | undefined;
  readonly #dialects: readonly Dialect[];
  #scanner: RecordScanner;
  #header: { columns: string[]; place: PromptPlace } | undefined;
  /** Whether a `sep=` line has set the delimiter, and whether that is the current line. */
  #marked = false;
  #separator = false;
  #line = 1;
  /** Number of bytes before the current ones. */
  #before = 0;

  constructor(name: string, dialects: readonly Dialect[], wanted: string | undefined) {
    this.#name = name;
    this.#wanted = wanted;
    this.#dialects = dialects;
    this.#scanner = new RecordScanner(dialects[0]!);
  }

  /** Reads the complete records. @returns the start of the first incomplete one */
  *read(bytes: Buffer, final: boolean): Generator<PromptBatch, number> {
    const valid = isUtf8(final ? bytes : bytes.subarray(0, bytes.length - incompleteTail(bytes)));
    let batch = emptyBatch();
    let at = 0;
    while (at < bytes.length) {
      if (!this.#header) this.#chooseDialect(bytes, at, final);
      const scanner = this.#scanner;
      let found = scanner.scan(bytes, at, final);
      if (found === 'more') {
        if (bytes.length - at <= longestRecord) break;
        if (!scanner.skipLine(at, final))
          throw new InputError(`${this.#name}: line ${this.#line} is longer than 16 MB; is this a table in text?`);
        found = { reason: 'begins a record of more than 16 MB; does a quote in it never close?' };
      }
      const record = bytes.subarray(at, scanner.next);
      const fault =
        found !== 'record'
          ? found
          : valid || isUtf8(record)
            ? undefined
            : { reason: notUtf8(record, this.#before + at) };
      this.#take(batch, fault);
      this.#line += scanner.lines;
      at = scanner.next;
      if (isFull(batch)) {
        yield batch;
        batch = emptyBatch();
      }
    }
    this.#before += at;
    yield batch;
    return at;
  }

  /** Ends the input. @throws InputError when there was no header */
  end(): void {
    if (!this.#header) promptPlace(this.#name, [], this.#wanted);
  }

  /** Adds the scanned record to the batch. */
  #take(batch: PromptBatch, fault: { reason: string } | undefined): void {
    const scanner = this.#scanner;
    const row = this.#line;
    if (this.#separator) {
      this.#separator = false;
      return;
    }
    if (!this.#header) {
      if (fault) throw new InputError(`${this.#name}: line ${row} ${fault.reason}.`);
      if (!scanner.blank) this.#readHeader();
      return;
    }
    const width = this.#header.columns.length;
    if (fault) batch.faults.push({ row, unit: 'line', ...fault });
    else if (scanner.fields === width) this.#takeRow(batch, this.#header);
    else if (scanner.blank) batch.blank++;
    else {
      const reason = `has ${scanner.fields} fields, the header has ${width}`;
      batch.faults.push({ row, unit: 'line', reason });
    }
  }

  #takeRow(batch: PromptBatch, { columns, place }: { columns: string[]; place: PromptPlace }): void {
    const text = this.#scanner.text(place.column);
    const found = place.keys.length === 0 ? text : promptOf(text, place, columns[place.column]!);
    addRecord(batch, this.#line, 'line', found);
  }

  /** Chooses the first dialect in which the header at `at` has the prompt column. */
  #chooseDialect(bytes: Buffer, at: number, final: boolean): void {
    if (this.#marked) return;
    const [, delimiter] = /^"?sep=(.)"?(?=[\r\n])/i.exec(bytes.toString('latin1', at, at + 10)) ?? [];
    if (delimiter !== undefined && this.#line === 1) {
      this.#marked = this.#separator = true;
      this.#scanner = new RecordScanner({ quote: '"', delimiter });
      return;
    }
    for (const dialect of this.#dialects) {
      const scanner = new RecordScanner(dialect);
      if (scanner.scan(bytes, at, final) !== 'record') continue;
      try {
        promptPlace(this.#name, columnsOf(scanner), this.#wanted);
      } catch {
        continue;
      }
      this.#scanner = scanner;
      return;
    }
  }

  #readHeader(): void {
    const columns = columnsOf(this.#scanner);
    this.#header = { columns, place: promptPlace(this.#name, columns, this.#wanted) };
  }
}

function columnsOf(scanner: RecordScanner): string[] {
  return Array.from({ length: scanner.fields }, (_, field) => scanner.text(field));
}
