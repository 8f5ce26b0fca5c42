import { Int32, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import { rename, rm } from 'node:fs/promises';
import { extname } from 'node:path';
import parquet from 'parquetjs-lite';
import { InputError } from '../../common/errors.ts';
import { writeFileAtomic } from '../../common/files.ts';
import type { PromptRow } from '../shards/shard-manifest.ts';

const writers: Record<string, (rows: readonly PromptRow[], path: string) => Promise<void>> = {
  '.parquet': writeParquet,
  '.arrow': writeArrow,
  '.jsonl': (rows, path) => writeFileAtomic(path, rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
};

/**
 * Writes prompts for other programs as Parquet (gzip, which every reader supports), Arrow IPC or JSON lines, by the file
 * extension.
 * @throws InputError for any other extension
 */
export async function exportPrompts(rows: readonly PromptRow[], path: string): Promise<void> {
  const write = writers[extname(path).toLowerCase()];
  if (!write) throw new InputError(`${path}: expected a name ending in ${Object.keys(writers).join(', ')}.`);
  await write(rows, path);
}

/** docs/decisions/parquet.md explains why parquetjs-lite writes only this file. */
async function writeParquet(rows: readonly PromptRow[], path: string): Promise<void> {
  const text = { type: 'UTF8', compression: 'GZIP', statistics: false } as const;
  const schema = new parquet.ParquetSchema({
    id: text,
    prompt: text,
    tokens: { ...text, type: 'INT32' },
    source: text,
  });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const writer = await parquet.ParquetWriter.openFile(schema, temporary);
    for (const { id, prompt, tokens, source } of rows) await writer.appendRow({ id, prompt, tokens, source });
    await writer.close();
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeArrow(rows: readonly PromptRow[], path: string): Promise<void> {
  const text = (name: 'id' | 'prompt' | 'source') =>
    vectorFromArray(
      rows.map((row) => row[name]),
      new Utf8(),
    );
  const tokens = vectorFromArray(
    rows.map((row) => row.tokens),
    new Int32(),
  );
  const table = new Table({ id: text('id'), prompt: text('prompt'), tokens, source: text('source') });
  await writeFileAtomic(path, tableToIPC(table, 'file'));
}
