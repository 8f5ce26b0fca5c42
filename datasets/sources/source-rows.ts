import { InputError } from '../../common/errors.ts';
import type { Database } from '../tables/database.ts';
import type { RowBatch } from '../tables/prompt-rows.ts';
import { knownWorld } from '../../world/known/known-worlds.ts';
import type { SourceName } from '../../world/scenes/common/world-names.ts';
import { batchSize, describeFault, type PromptBatch } from './batch.ts';
import type { SourceFile } from './source-file.ts';
import { readPrompts, unpacked, type ReadOptions } from './read-source.ts';

/**
 * Reads the prompts of files in order; every record must be readable.
 * @param scratch a folder for unpacked files
 * @throws InputError for the first record that cannot be read
 */
export async function* wholeFiles(
  database: Database,
  files: readonly SourceFile[],
  scratch: string,
  options: ReadOptions,
): AsyncGenerator<PromptBatch> {
  for (const file of files) {
    for await (const batch of readPrompts(await unpacked(file, scratch), database, options)) {
      if (batch.faults.length > 0) throw refusal(file, batch);
      if (batch.rows.length > 0) yield batch;
    }
  }
}

/** Returns the first fault of a batch as an error that says what to do. */
export function refusal({ name }: SourceFile, { faults }: PromptBatch): InputError {
  const fault = faults[0]!;
  const remedy = fault.reason.startsWith('is not UTF-8') ? 'Name the encoding (prompts.encoding)' : 'Correct it';
  return new InputError(`${describeFault(name, fault)}. ${remedy}, or skip such rows: prompts.malformed=skip.`);
}

/** Yields an embedded world's prompts with their splits. */
export function* worldRows(world: SourceName): Generator<RowBatch> {
  const all = knownWorld(world).prompts();
  for (let at = 0; at < all.length; at += batchSize) {
    const part = all.slice(at, at + batchSize);
    yield {
      sources: part.map(() => world),
      rows: part.map((_, i) => at + i + 1),
      prompts: part.map(({ prompt }) => prompt),
      splits: part.map(({ split }) => split),
    };
  }
}
