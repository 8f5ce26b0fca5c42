import { InputError } from '../common/errors.ts';
import type { Database } from './tables/database.ts';
import type { SourceFile } from './sources/source-file.ts';
import { readPrompts } from './sources/read-source.ts';
import { refusal } from './sources/source-rows.ts';
import type { IngestConfig } from './stages/ingest.ts';

/** Only this many files are sampled from a large folder, such as one with one caption per file. */
const filesAtMost = 32;

/**
 * Reads the first prompts of each file, as the stage ingest would.
 * @throws InputError for what ingest would refuse at once: another kind of file, a missing column, no prompts
 */
export async function requireFirstPrompts(
  files: readonly SourceFile[],
  config: IngestConfig,
  database: Database,
): Promise<void> {
  const { source, limit = Infinity, malformed = 'refuse' } = config;
  let [rows, prompts] = [0, 0];
  let whole = files.length <= filesAtMost;
  for (const file of files.slice(0, filesAtMost)) {
    if (rows >= limit) return;
    if (file.packing !== undefined && (file.kind === 'parquet' || file.kind === 'arrow')) {
      whole = false; // it would have to be unpacked
      continue;
    }
    for await (const batch of readPrompts(file, database, config)) {
      const [first] = batch.faults;
      const counts = first && (batch.rows[limit - rows - 1] ?? Infinity) > first.row;
      if (counts && malformed === 'refuse') throw refusal(file, batch);
      rows += batch.rows.length;
      prompts += batch.prompts.filter((prompt) => prompt?.trim()).length;
      if (prompts > 0) {
        whole = false;
        break;
      }
    }
  }
  if (whole && prompts === 0) throw new InputError(`${source}: contains no prompts.`);
}
