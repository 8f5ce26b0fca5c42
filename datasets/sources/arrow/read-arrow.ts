import { AsyncRecordBatchFileReader, RecordBatchReader, type RecordBatch } from 'apache-arrow';
import { open } from 'node:fs/promises';
import { InputError } from '../../../common/errors.ts';
import { addRecord, batchSize, emptyBatch, type PromptBatch } from '../batch.ts';
import { promptOf, promptPlace } from '../columns.ts';
import { refuseForeign } from '../packed/signature.ts';
import type { Field } from './arrow-messages.ts';
import { checkMessages } from './check-arrow.ts';
import { registerCodecs } from './codecs.ts';
import { cellsOf } from './column.ts';
import { reasonOf } from '../../../common/text/reason.ts';

registerCodecs();

/**
 * Reads the prompt column of an Arrow IPC file or stream (also Feather version 2; bodies plain, LZ4 or zstd) in batches.
 * @throws InputError for a damaged Arrow file or another kind of file, and for a prompt column that is not text
 */
export async function* readArrow(path: string, name: string, column?: string): AsyncGenerator<PromptBatch> {
  const file = await open(path, 'r').catch((error: Error) => {
    throw new InputError(`${name}: cannot be opened (${reasonOf(error)}).`);
  });
  try {
    await refuseForeign(file, { name, kind: 'arrow' });
    refuseLayouts(await checkMessages(file), name);
    const reader = await RecordBatchReader.from(file);
    await reader.open();
    const { fields } = reader.schema;
    const names = fields.map((field) => field.name);
    const place = promptPlace(name, names, column);
    const label = names[place.column]!;
    let row = 0;
    for await (const records of recordBatches(reader)) {
      const data = records.getChildAt(place.column)!.data[0]!;
      if (data.length !== records.numRows) throw new Error(`${data.length} values for ${records.numRows} rows`);
      const { cells, keys } = cellsOf(data, place.keys, { name, label });
      const found = [label, ...place.keys.slice(0, place.keys.length - keys.length)].join('.');
      for (let at = 0; at < data.length; at += batchSize) {
        const batch = emptyBatch();
        for (let i = at; i < Math.min(at + batchSize, data.length); i++) {
          row++;
          const prompt = promptOf(cells(i), { ...place, keys }, found);
          addRecord(batch, row, 'row', prompt);
        }
        yield batch;
      }
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw unreadable(name, reasonOf(error));
  } finally {
    await file.close().catch(() => {}); // the reader closes it at the end
  }
}

/** Layouts of columns that apache-arrow cannot read, by their numbers in Schema.fbs. */
const unreadLayouts: Readonly<Record<number, string>> = { 22: 'RunEndEncoded', 25: 'ListView', 26: 'LargeListView' };

/** @throws InputError that names a column that cannot be read, since none can then */
function refuseLayouts(fields: readonly Field[], name: string, path: readonly string[] = []): void {
  for (const field of fields) {
    const column = [...path, field.name];
    const layout = unreadLayouts[field.type];
    if (layout !== undefined)
      throw new InputError(
        `${name}: the column "${column.join('.')}" is ${layout}, which cannot be read; write it in a plain layout, or leave it out.`,
      );
    refuseLayouts(field.children, name, column);
  }
}

/** Yields all record batches. The reader's own iterator would loop forever on a damaged batch. */
async function* recordBatches(reader: RecordBatchReader): AsyncGenerator<RecordBatch> {
  if (!(reader instanceof AsyncRecordBatchFileReader)) return yield* reader as AsyncIterable<RecordBatch>;
  for (let i = 0; i < reader.numRecordBatches; i++) {
    const batch = await reader.readRecordBatch(i);
    if (!batch) throw new Error(`record batch ${i + 1} is not a record batch`);
    yield batch;
  }
}

function unreadable(name: string, said: string): InputError {
  return new InputError(`${name}: cannot be read as Arrow; is it cut short or of another kind? (${said})`);
}
