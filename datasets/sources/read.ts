import { InputError } from '../../common/errors.ts';
import type { Database } from '../database.ts';
import type { PromptBatch } from './batch.ts';
import type { SourceFile } from './find.ts';
import { readJsonLines } from './jsonl.ts';
import { readParquet } from './parquet.ts';
import { csv, tsv } from './records.ts';
import { readTable } from './table.ts';
import { readText } from './text.ts';

/**
 * The prompts of a file as they are, in its order.
 * @param column the column with the prompts; found by its name when left out
 * @throws InputError saying what is wrong with the file, and where
 */
export function readPrompts(
  file: SourceFile,
  database: Database,
  column: string | undefined,
): AsyncGenerator<PromptBatch> {
  const { path, name, kind } = file;
  if (file.bytes === 0) throw new InputError(`${name}: the file is empty.`);
  if (kind === 'txt') return readText(path, name);
  if (kind === 'csv') return readTable(path, name, csv, column);
  if (kind === 'tsv') return readTable(path, name, tsv, column);
  if (kind === 'jsonl') return readJsonLines(path, name, column);
  return readParquet(database, path, name, column);
}
