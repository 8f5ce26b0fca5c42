import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { InputError } from '../../common/errors.ts';
import { unchanged } from '../../common/files/stamps.ts';
import type { Database } from '../tables/database.ts';
import { readArrow } from './arrow/read-arrow.ts';
import type { PromptBatch } from './batch.ts';
import { readBytes } from './packed/packed-bytes.ts';
import { mayBeEmpty } from './source-file.ts';
import type { SourceFile } from './source-file.ts';
import { readJsonLines } from './json/jsonl.ts';
import { readJson } from './json/json-file.ts';
import { readParquet } from './parquet/read-parquet.ts';
import { csv, tsv } from './records.ts';
import { readTable } from './text/text-table.ts';
import { readText, type CommentRule } from './text/text-file.ts';
import { openFile, unpack } from './packed/unpack.ts';

/** How files are read. */
export interface ReadOptions {
  /** The column with the prompts, or a path into one; found by its name when left out. */
  column?: string | undefined;
  /** Of text files, as the WHATWG Encoding Standard labels it; UTF-8 when left out. A byte order mark goes before it. */
  encoding?: string | undefined;
  /** Which lines of a text file are comments. */
  comments?: CommentRule | undefined;
}

/**
 * The prompts of a file as they are, in its order, and what in it is no record.
 * @param onBytes see {@link readBytes}; tables that are not read as a stream (Parquet, Arrow) do not tell
 * @throws InputError saying what is wrong with the file as a whole
 */
export function readPrompts(
  file: SourceFile,
  database: Database,
  options: ReadOptions,
  onBytes: (bytes: number) => void = () => {},
): AsyncGenerator<PromptBatch> {
  const { path, name } = file;
  if (file.bytes === 0 && !mayBeEmpty(file)) throw new InputError(`${name}: the file is empty.`);
  return unchanged(path, name, readKind(file, database, options, onBytes));
}

function readKind(
  file: SourceFile,
  database: Database,
  { column, encoding = 'utf-8', comments }: ReadOptions,
  onBytes: (bytes: number) => void,
): AsyncGenerator<PromptBatch> {
  const { path, name, kind } = file;
  if (kind === 'parquet') return readParquet(database, path, name, column);
  if (kind === 'arrow') return readArrow(path, name, column);
  const bytes = readBytes(file, encoding, onBytes);
  if (kind === 'txt') return readText(bytes, name, comments);
  if (kind === 'csv') return readTable(bytes, name, csv, column);
  if (kind === 'tsv') return readTable(bytes, name, tsv, column);
  if (kind === 'jsonl') return readJsonLines(bytes, name, column);
  return readJson(bytes, name, column);
}

/** The file itself, or, for a packed one that is not read as a stream, what it holds as a file in `scratch`. */
export async function unpacked(file: SourceFile, scratch: string): Promise<SourceFile> {
  if (file.packing === undefined || (file.kind !== 'parquet' && file.kind !== 'arrow')) return file;
  const path = join(scratch, `unpacked.${file.kind}`);
  await pipeline(Readable.from(unchanged(file.path, file.name, unpack(openFile(file), file))), createWriteStream(path));
  const { packing: _, ...rest } = file;
  return { ...rest, path };
}
