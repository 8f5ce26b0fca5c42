import { parquetMetadataAsync, parquetReadObjects, type AsyncBuffer } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import type { Database } from '../../tables/database.ts';
import { addRecord, batchSize, emptyBatch, type PromptBatch } from '../batch.ts';
import { promptOf, promptPlace } from '../columns.ts';
import { isBadText, parquetQuery, requireTexts, unreadableParquet } from './query.ts';

/** Reads the prompts of a Parquet file in batches. @throws InputError as {@link parquetQuery} does */
export async function* readParquet(
  database: Database,
  path: string,
  name: string,
  column: string | undefined,
): AsyncGenerator<PromptBatch> {
  const { sql, place, label, texts } = await parquetQuery(database, path, name, column);
  let seen = 0;
  let read = 0;
  try {
    for await (const [rows, values] of database.columns(`SELECT row::DOUBLE, prompt FROM (${sql})`)) {
      yield batchOf(rows as number[], values as (string | null)[], (value) => promptOf(value, place, label));
      seen += rows!.length;
      read += textsIn(values!);
    }
  } catch (error) {
    if (!isBadText(error)) throw unreadableParquet(name, error);
    yield* readBadTexts(path, name, column, seen, (values) => (read += textsIn(values)));
    if (texts !== undefined) requireTexts(name, label, texts, read);
  }
}

const textsIn = (values: readonly unknown[]): number =>
  values.filter((value) => value !== null && value !== undefined).length;

function batchOf(
  rows: readonly number[],
  values: readonly unknown[],
  find: (value: unknown) => ReturnType<typeof promptOf>,
): PromptBatch {
  const batch = emptyBatch();
  values.forEach((value, i) => {
    const found = find(value);
    addRecord(batch, rows[i]!, 'row', found);
  });
  return batch;
}

/** Reads a file with invalid UTF-8, which DuckDB rejects, from row `start` on: row by row, and slower. */
async function* readBadTexts(
  path: string,
  name: string,
  column: string | undefined,
  start: number,
  onValues: (values: readonly unknown[]) => void,
): AsyncGenerator<PromptBatch> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const file: AsyncBuffer = {
      byteLength: size,
      async slice(from, to = size) {
        const bytes = new Uint8Array(to - from);
        await handle.read(bytes, 0, bytes.length, from);
        return bytes.buffer;
      },
    };
    const metadata = await parquetMetadataAsync(file);
    const columns = metadata.schema.length > 0 ? topLevel(metadata.schema) : [];
    const place = promptPlace(name, columns, column);
    const label = columns[place.column]!;
    const parsers = { stringFromBytes: (bytes: Uint8Array) => (isUtf8(bytes) ? utf8.decode(bytes) : bytes) };
    const rows = Number(metadata.num_rows);
    for (let at = start; at < rows; at += batchSize) {
      const end = Math.min(at + batchSize, rows);
      const found = await parquetReadObjects({
        file,
        metadata,
        columns: [label],
        compressors,
        parsers: parsers as never,
        rowStart: at,
        rowEnd: end,
      });
      const numbers = found.map((_, i) => at + i + 1);
      const values = found.map((row) => row[label]);
      onValues(values);
      yield batchOf(numbers, values, (value) => promptOf(textOf(value), place, label));
    }
  } catch (error) {
    throw unreadableParquet(name, error);
  } finally {
    await handle.close();
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Decodes bytes that are valid UTF-8; others stay bytes. */
function textOf(value: unknown): unknown {
  return value instanceof Uint8Array && isUtf8(value) ? utf8.decode(value) : value;
}

/** Returns the names of the root's children. */
function topLevel(schema: readonly { name: string; num_children?: number }[]): string[] {
  let at = 0;
  const skip = (): string => {
    const element = schema[at++]!;
    for (let i = 0; i < (element.num_children ?? 0); i++) skip();
    return element.name;
  };
  const root = schema[at++]!;
  return Array.from({ length: root.num_children ?? 0 }, skip);
}
