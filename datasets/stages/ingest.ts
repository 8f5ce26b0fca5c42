import { join } from 'node:path';
import { CancelledError, InputError } from '../../common/errors.ts';
import { canonicalJson, writeFileAtomic } from '../../common/files.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import { Database } from '../database.ts';
import { firstRows, RowWriter } from '../rows.ts';
import { findSources } from '../sources/find.ts';
import { fileRows, shapesRows } from '../sources/rows.ts';

export interface IngestConfig {
  /** `shapes`, a file, or a folder of files. */
  source: string;
  /** The column with the prompts; found by its name when left out. */
  column?: string | undefined;
  /** Reads this many prompts and no more. */
  limit?: number | undefined;
}

/** `summary.json`. */
export interface IngestSummary {
  rows: number;
  /** Files that were read, with their rows. */
  files: { name: string; rows: number }[];
  /** Files of the folder that are of no known kind. */
  ignored: string[];
}

/** Reads the prompts as they are into Parquet parts: columns source, row, prompt, split. Nothing is judged here. */
export async function run({ config, output, scratch, progress, signal }: StageContext<IngestConfig>): Promise<void> {
  const { source, column, limit = Infinity } = config;
  const { files, ignored } = source === 'shapes' ? { files: [], ignored: [] } : await findSources(source);
  const counts = new Map<string, number>();
  const rows = await Database.use(scratch, async (database) => {
    const writer = new RowWriter(database, output);
    const batches = source === 'shapes' ? shapesRows() : fileRows(database, files, column);
    for await (const read of batches) {
      if (signal.aborted) throw new CancelledError('Reading the prompts was cancelled.');
      const batch = firstRows(read, limit - writer.rows);
      await writer.append(batch);
      for (const name of batch.sources) counts.set(name, (counts.get(name) ?? 0) + 1);
      progress({ step: counts.size, total: Math.max(files.length, 1), message: `${writer.rows} prompts read` });
      if (writer.rows >= limit) break;
    }
    await writer.flush();
    return writer.rows;
  });
  if (rows === 0) throw new InputError(`${source}: there is no prompt in it.`);
  const summary: IngestSummary = { rows, files: [...counts].map(([name, count]) => ({ name, rows: count })), ignored };
  await writeFileAtomic(join(output, 'summary.json'), `${canonicalJson(summary)}\n`);
}
