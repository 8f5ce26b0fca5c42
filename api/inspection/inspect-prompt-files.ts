import { inTemporaryFolder } from '../../common/files/temporary-folder.ts';
import { firstPrompts } from '../../datasets/first-prompts.ts';
import { readBenchmark } from '../../datasets/rules/benchmarks.ts';
import { PromptRules } from '../../datasets/rules/rules.ts';
import { requireSplits, type ReadPrompt } from '../../datasets/shards/required-splits.ts';
import { readManifest } from '../../datasets/shards/shard-manifest.ts';
import { splits } from '../../datasets/shards/split.ts';
import { findSources } from '../../datasets/sources/find-sources.ts';
import { requireReadKeys } from '../../datasets/sources/read-keys.ts';
import type { SourceFile } from '../../datasets/sources/source-file.ts';
import { Database } from '../../datasets/tables/database.ts';
import { readWordList } from '../../datasets/text/word-lists.ts';
import { worldOf, type Config } from '../../pipeline/config/config.ts';
import { benchmarkFiles } from '../../pipeline/stage-slices.ts';
import { filter as filterStage } from '../../pipeline/textcraftor.ts';
import { knownWorld } from '../../world/known/known-worlds.ts';
import { isWorldName } from '../../world/scenes/common/world-names.ts';

/** Whether a path of the configuration is not still to be fetched. */
type IsHere = (path: string) => boolean;

/**
 * Checks the prompts, word lists and benchmarks, and that each split can get prompts, if few enough to read them all.
 * @returns the size of the prompt files in bytes; undefined when there are none
 * @throws InputError
 * @example
 * ```ts
 * import { inspectPrompts } from './api/inspection/inspect-prompt-files.ts';
 * import { readYaml } from './pipeline/config/config-file.ts';
 * import { configSchema } from './pipeline/config/config.ts';
 *
 * const config = configSchema.parse(await readYaml('my.yaml', 'The configuration'));
 * const bytes = await inspectPrompts(config, () => true);
 * ```
 */
export async function inspectPrompts(config: Config, isHere: IsHere): Promise<number | undefined> {
  const { prompts, filter, benchmarks = [], shard } = config;
  for (const file of [filter.blockedFiles ?? [], filter.personalNameFiles ?? []].flat()) await readWordList(file);
  const extended = shard.extends === undefined ? undefined : await readManifest(shard.extends);
  const read = benchmarks.filter(({ source }) => !isWorldName(source) && isHere(source));
  const { files } =
    worldOf(config) !== undefined || !isHere(prompts.source)
      ? { files: undefined }
      : await findSources(prompts.source, prompts.split);
  if (files) requireReadKeys(prompts, files);
  await inTemporaryFolder('inspection', async (scratch) => {
    for (const benchmark of read) await readBenchmark(benchmark, scratch);
    const found = await allPrompts(config, files, scratch);
    if (found && [config.model, ...benchmarkFiles(config)].every(isHere))
      await inspectSplits(config, found, extended, scratch);
  });
  return files?.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Returns all prompts of the run, or undefined if they are too many, or known to be enough. */
async function allPrompts(
  config: Config,
  files: readonly SourceFile[] | undefined,
  scratch: string,
): Promise<readonly ReadPrompt[] | undefined> {
  const { prompts } = config;
  const world = worldOf(config);
  if (world !== undefined)
    return prompts.limit === undefined ? undefined : knownWorld(world).prompts().slice(0, prompts.limit);
  if (!files) return undefined;
  const found = await Database.use(scratch, (database) => firstPrompts(files, prompts, database));
  return found?.map((prompt) => ({ prompt }));
}

/** @param before the shards that are extended */
async function inspectSplits(
  config: Config,
  prompts: readonly ReadPrompt[],
  before: Awaited<ReturnType<typeof readManifest>> | undefined,
  scratch: string,
): Promise<void> {
  const filled = splits.filter((split) => before && before.splits[split].shards.length > 0);
  requireSplits(prompts, await PromptRules.load(filterStage.config(config), scratch), config.shard, filled);
}
