import { InputError } from '../../common/errors.ts';
import { isFolder } from '../../common/files.ts';
import { inTemporaryFolder } from '../../common/files/temporary-folder.ts';
import type { HubOptions } from '../../common/hub/options.ts';
import { explainPrompt, type Explanation } from '../../datasets/rules/explain-prompt.ts';
import { readSplit } from '../../datasets/shards/shards.ts';
import type { Split } from '../../datasets/shards/split.ts';
import { findSources } from '../../datasets/sources/find-sources.ts';
import type { ReadOptions } from '../../datasets/sources/read-source.ts';
import { wholeFiles } from '../../datasets/sources/source-rows.ts';
import { Database } from '../../datasets/tables/database.ts';
import { exportPrompts } from '../../datasets/tables/export-table.ts';
import { promptStatistics, samplePrompts, type PromptStatistics } from '../../datasets/tables/preview.ts';
import { ClipTokenizer } from '../../models/clip/tokenizer/tokenizer.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { localPrompts } from '../hub/hub-prompts.ts';
import { verifiedFolders } from '../runs/artifact-folders.ts';
import { promptConfigs, withPrepared, type NamedPrompts } from './named-prompts.ts';

/**
 * Counts the prompts that a run keeps and drops, with reasons and lengths.
 * @throws InputError that names the file, the key or the run
 * @example
 * ```ts
 * import { countPrompts } from './api/prompts/inspect-prompts.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const configuration = { folder: process.cwd(), hub: { cache: 'hub' } };
 * const { kept, dropped } = await countPrompts({ home: new Home('.textcraftor'), named: 'prompts.csv', configuration });
 * console.log(kept, dropped);
 * ```
 */
export const countPrompts = (prompts: NamedPrompts): Promise<PromptStatistics> =>
  withPrepared(prompts, promptStatistics);

/**
 * Draws some of the prompts that a run keeps.
 * @throws InputError as {@link countPrompts}
 * @example
 * ```ts
 * import { drawPrompts } from './api/prompts/inspect-prompts.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const configuration = { folder: process.cwd(), hub: { cache: 'hub' } };
 * const rows = await drawPrompts({ home: new Home('.textcraftor'), named: 'latest', configuration }, 10, 1);
 * for (const { prompt, tokens } of rows) console.log(prompt, tokens);
 * ```
 */
export const drawPrompts = (prompts: NamedPrompts, count: number, seed: number): ReturnType<typeof samplePrompts> =>
  withPrepared(prompts, (prepared) => samplePrompts(prepared, count, seed));

/**
 * Says which rule would drop a prompt, or how it would be cleaned.
 * @throws InputError as {@link countPrompts}
 * @example
 * ```ts
 * import { explainOnePrompt } from './api/prompts/inspect-prompts.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const configuration = { folder: process.cwd(), hub: { cache: 'hub' } };
 * const found = await explainOnePrompt('a red  circle', { home: new Home('.textcraftor'), configuration });
 * console.log(found.kept ? found.prompt : found.reason);
 * ```
 */
export async function explainOnePrompt(prompt: string, settings: NamedPrompts): Promise<Explanation> {
  const { filter, shard } = await promptConfigs(settings);
  return inTemporaryFolder('prompts', (scratch) => explainPrompt(prompt, filter, shard, scratch));
}

export interface TokensOptions extends ReadOptions {
  /** Folder of a tokenizer: vocab.json and merges.txt, or tokenizer.json. */
  tokenizer: string;
  /** Split of a data set: train, train+test, all. */
  split?: string | undefined;
  hub: HubOptions;
}

/**
 * Passes on the token ids of a file's prompts, in batches, with start and end token and not padded.
 * @throws InputError for the first prompt that cannot be read
 * @example
 * ```ts
 * import { eachTokens } from './api/prompts/inspect-prompts.ts';
 *
 * const options = { tokenizer: 'models/sd15/tokenizer', hub: { cache: 'hub' } };
 * await eachTokens('prompts.txt', options, (ids) => console.log(ids.map(({ length }) => length)));
 * ```
 */
export async function eachTokens(
  file: string,
  { hub, ...options }: TokensOptions,
  give: (ids: number[][]) => void,
): Promise<void> {
  const tokenizer = await ClipTokenizer.load(options.tokenizer);
  const { files } = await findSources(await localPrompts(file, hub), options.split);
  await inTemporaryFolder('prompts', (scratch) =>
    Database.use(scratch, async (database) => {
      for await (const { prompts } of wholeFiles(database, files, scratch, options)) {
        give(prompts.map((prompt) => tokenizer.encode(prompt ?? '')));
      }
    }),
  );
}

/**
 * Finds the shards of a run's prompts.
 * @param named a folder of shards, or a run: its id, the beginning of one, or `latest`
 * @throws InputError when it is neither, or the run has no shards yet
 * @example
 * ```ts
 * import { exportSplit, findShards } from './api/prompts/inspect-prompts.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * console.log(await exportSplit(await findShards(new Home('.textcraftor'), 'latest'), 'test', 'test.parquet'));
 * ```
 */
export async function findShards(home: Home, named: string): Promise<string> {
  if (await isFolder(named)) return named;
  const run = await new RunRecords(home).read(named).catch((error: unknown) => {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${named}: is neither a folder of shards nor a run. ${error.message}`);
  });
  const { shard } = await verifiedFolders(home, run, ['shard']);
  if (shard !== undefined) return shard;
  throw new InputError(`Run ${run.id} has no shards yet: its stage shard has no artifact.`);
}

/**
 * Writes the prompts of a split for other programs.
 * @param shards folder of shards: the artifact of the stage `shard`
 * @param out a file: .parquet, .arrow or .jsonl
 * @returns the number of prompts
 * @example
 * ```ts
 * import { exportSplit } from './api/prompts/inspect-prompts.ts';
 *
 * console.log(await exportSplit('shards', 'test', 'test.parquet'));
 * ```
 */
export async function exportSplit(shards: string, split: Split, out: string): Promise<number> {
  const rows = await readSplit(shards, split);
  await exportPrompts(rows, out);
  return rows.length;
}
