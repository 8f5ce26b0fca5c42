import { InputError } from '../common/errors.ts';
import type { Database } from './tables/database.ts';
import type { SourceFile } from './sources/source-file.ts';
import { readPrompts } from './sources/read-source.ts';
import { refusal } from './sources/source-rows.ts';
import type { IngestConfig } from './stages/ingest.ts';

/** Only this many files are sampled from a large folder, such as one with one caption per file. */
const filesAtMost = 32;

/** Once this many prompts are found, only the beginnings of the other files are read. */
const promptsAtMost = 10_000;

/**
 * Reads the first prompts of each file, as the stage ingest would.
 * @returns all prompts that ingest would read, or undefined if the files hold more than are read here
 * @throws InputError for what ingest would refuse at once: another kind of file, a missing column, no prompts
 */
export async function firstPrompts(
  files: readonly SourceFile[],
  config: IngestConfig,
  database: Database,
): Promise<(string | null)[] | undefined> {
  const { source, limit = Infinity, malformed = 'refuse' } = config;
  const found: (string | null)[] = [];
  let prompts = 0;
  let whole = files.length <= filesAtMost;
  for (const file of files.slice(0, filesAtMost)) {
    if (found.length >= limit) return whole ? found.slice(0, limit) : undefined;
    if (file.packing !== undefined && (file.kind === 'parquet' || file.kind === 'arrow')) {
      whole = false; // it would have to be unpacked
      continue;
    }
    for await (const batch of readPrompts(file, database, config)) {
      const [first] = batch.faults;
      const counts = first && (batch.rows[limit - found.length - 1] ?? Infinity) > first.row;
      if (counts && malformed === 'refuse') throw refusal(file, batch);
      for (const prompt of batch.prompts) found.push(prompt);
      prompts += batch.prompts.filter((prompt) => prompt?.trim()).length;
      if (found.length >= limit) break;
      if (prompts > promptsAtMost) {
        whole = false;
        break;
      }
    }
  }
  if (whole && prompts === 0) throw new InputError(`${source}: contains no prompts.`);
  return whole ? found.slice(0, limit) : undefined;
}
