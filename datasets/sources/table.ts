import { InputError } from '../../common/errors.ts';
import { batchSize, longestRecord, type PromptBatch } from './batch.ts';
import { promptColumn } from './columns.ts';
import { MalformedRecord, readRecord, type Dialect, type RecordAt } from './records.ts';
import { readUtf8 } from './utf8.ts';

/**
 * A table with a header: its prompt column. Blank lines of a table of several columns are passed over.
 * @throws InputError naming the line whose quotes do not close or whose number of fields differs from the header's
 */
export async function* readTable(
  path: string,
  name: string,
  dialect: Dialect,
  column?: string,
): AsyncGenerator<PromptBatch> {
  let header: string[] | undefined;
  let prompt = 0;
  let batch: PromptBatch = { rows: [], prompts: [] };
  for await (const { record, line } of readRecords(path, name, dialect, () => (header ? prompt : undefined))) {
    const { fields } = record;
    const blank = fields.length === 1 && fields[0] === '';
    if (header === undefined) {
      if (blank) continue;
      header = fields;
      prompt = promptColumn(name, header, column);
      continue;
    }
    if (fields.length !== header.length) {
      if (blank) continue;
      throw new InputError(
        `${name}: line ${line} has ${fields.length} fields, the header has ${header.length}` +
          (dialect.quote ? '; a field with commas or line breaks must be in double quotes.' : '.'),
      );
    }
    batch.rows.push(line);
    batch.prompts.push(fields[prompt]!);
    if (batch.rows.length === batchSize) {
      yield batch;
      batch = { rows: [], prompts: [] };
    }
  }
  if (batch.rows.length > 0) yield batch;
}

/** The records of a file with the lines on which they begin. `only` says which field is needed from the next record on. */
async function* readRecords(
  path: string,
  name: string,
  dialect: Dialect,
  only: () => number | undefined,
): AsyncGenerator<{ record: RecordAt; line: number }> {
  let text = '';
  let line = 1;
  const next = (at: number, final: boolean): RecordAt | undefined => {
    try {
      return readRecord(text, at, dialect, final, only());
    } catch (error) {
      if (!(error instanceof MalformedRecord)) throw error;
      throw new InputError(`${name}: line ${line + error.lines}: ${error.message}.`);
    }
  };
  for await (const piece of readUtf8(path, name)) {
    text += piece;
    let at = 0;
    for (let record = next(at, false); record; record = next(at, false)) {
      yield { record, line };
      at = record.next;
      line += record.lines;
    }
    text = text.slice(at);
    if (text.length > longestRecord) {
      throw new InputError(`${name}: the record on line ${line} is longer than 16 MB; does a quote in it never close?`);
    }
  }
  for (let at = 0; at < text.length;) {
    const record = next(at, true)!;
    yield { record, line };
    at = record.next;
    line += record.lines;
  }
}
