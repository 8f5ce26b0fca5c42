import type { Database } from '../database.ts';
import type { RowBatch } from '../rows.ts';
import { shapesPrompts } from '../shapes/prompts.ts';
import { batchSize } from './batch.ts';
import type { SourceFile } from './find.ts';
import { readPrompts } from './read.ts';

/** The rows of files, file after file. */
export async function* fileRows(
  database: Database,
  files: readonly SourceFile[],
  column: string | undefined,
): AsyncGenerator<RowBatch> {
  for (const file of files) {
    for await (const { rows, prompts } of readPrompts(file, database, column)) {
      yield { sources: rows.map(() => file.name), rows, prompts, splits: rows.map(() => null) };
    }
  }
}

/** The embedded world's own prompts, which come with their splits. */
export async function* shapesRows(): AsyncGenerator<RowBatch> {
  const all = shapesPrompts();
  for (let at = 0; at < all.length; at += batchSize) {
    const part = all.slice(at, at + batchSize);
    yield {
      sources: part.map(() => 'shapes'),
      rows: part.map((_, i) => at + i + 1),
      prompts: part.map(({ prompt }) => prompt),
      splits: part.map(({ split }) => split),
    };
  }
}
