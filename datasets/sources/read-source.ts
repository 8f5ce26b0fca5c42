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
import { mayBeEmpty, type SourceFile } from './source-file.ts';
import { readJsonLines } from './json/jsonl.ts';
import { readJson } from './json/json-file.ts';
import { readParquet } from './parquet/read-parquet.ts';
import { csv, tsv } from './records.ts';
import { readTable } from './text/text-table.ts';
import { readText, type CommentRule } from './text/text-file.ts';
import { openFile, unpack } from './packed/unpack.ts';

/** Options for reading files. */
export interface ReadOptions {
  /** Column with the prompts, or a path into one; found by its name when left out. */
  column?: string | undefined;
  /** Encoding of text files, a WHATWG Encoding Standard label; default UTF-8. A byte order mark takes precedence. */
  encoding?: string | undefined;
  /** Rule for comment lines in text files. */
  comments?: CommentRule | undefined;
}

/**
 * Reads the raw prompts of a file in order, with faults, blank lines and comments.
 * @param onBytes see {@link readBytes}; not called for files that are not read as a stream (Parquet, Arrow)
 * @throws InputError for a fault of the file as a whole
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

/** Returns the file itself, or its unpacked copy in `scratch` if it is packed and not read as a stream. */
export async function unpacked(file: SourceFile, scratch: string): Promise<SourceFile> {
  if (file.packing === undefined || (file.kind !== 'parquet' && file.kind !== 'arrow')) return file;
  const path = join(scratch, `unpacked.${file.kind}`);
  await pipeline(Readable.from(unchanged(file.path, file.name, unpack(openFile(file), file))), createWriteStream(path));
  const { packing: _, ...rest } = file;
  return { ...rest, path };
}
