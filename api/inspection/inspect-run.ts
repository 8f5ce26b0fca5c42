import { requireProgram } from '../../common/files/find-program.ts';
import { inTemporaryFolder } from '../../common/files/temporary-folder.ts';
import { product } from '../../common/product.ts';
import { readBenchmark } from '../../datasets/rules/benchmarks.ts';
import { Database } from '../../datasets/tables/database.ts';
import { requireFirstPrompts } from '../../datasets/first-prompts.ts';
import { requireReadKeys } from '../../datasets/sources/read-keys.ts';
import { readManifest } from '../../datasets/shards/shard-manifest.ts';
import { findSources } from '../../datasets/sources/find-sources.ts';
import { readWordList } from '../../datasets/text/word-lists.ts';
import { HELD_OUT } from '../../evaluation/evaluation-names.ts';
import { loadPipeline } from '../../models/folder/pipeline-folder.ts';
import type { Config } from '../../pipeline/config/config.ts';
import type { Inspect } from '../../pipeline/inspection.ts';
import type { RunFacts } from '../../pipeline/stage.ts';
import { inspectRewards } from '../../rewards/inspect-rewards.ts';
import { isWorldName } from '../../world/scenes/common/world-names.ts';
import { inspectNetworks } from './inspect-networks.ts';
import { inspectOracle } from './inspect-oracle.ts';
import { inspectPictures } from './inspect-pictures.ts';
import { inspectSteps } from './inspect-steps.ts';

/**
 * Refuses what a stage of the run would refuse later, as far as the configuration and the headers of files show: no
 * weights are read and no engine is started. Skips what is still to be fetched (`absent`).
 * @example
 * ```ts
 * import { inspect } from './api/inspection/inspect-run.ts';
 * import { readYaml } from './pipeline/config/config-file.ts';
 * import { configSchema } from './pipeline/config/config.ts';
 *
 * const config = configSchema.parse(await readYaml('my.yaml', 'The configuration'));
 * const { promptBytes } = await inspect(config, new Set());
 * ```
 */
export const inspect: Inspect<Config> = async (config, absent, environment) => {
  const isHere = (path: string): boolean => !absent.has(path);
  const [rewriter] = config.baselines?.promptEngineering?.rewriter?.command ?? [];
  if (rewriter !== undefined && environment)
    await requireProgram('baselines.promptEngineering.rewriter.command', rewriter, environment);
  const promptBytes = await inspectPrompts(config, isHere);
  const facts: RunFacts = promptBytes === undefined ? {} : { promptBytes };
  const rewards = [
    ...config.rewards,
    ...(config.heldOut ? [{ ...config.heldOut, name: HELD_OUT, weight: 0 }] : []),
  ].filter(({ model, head, tokenizer }) =>
    [model, head, tokenizer].every((path) => path === undefined || isHere(path)),
  );
  await inspectRewards(rewards);
  if (!isHere(config.model)) return facts;
  const pipeline = await loadPipeline(config.model);
  inspectSteps(config, pipeline.config.scheduler);
  inspectOracle(config, pipeline);
  await inspectNetworks(config, pipeline);
  await inspectPictures(config, pipeline);
  const parameters = [...pipeline.weights.unet.values()].reduce((sum, { shape }) => sum + product(shape), 0);
  return { ...facts, evaluationCost: parameters * pipeline.config.unet.sample_size ** 2 };
};

/** Checks the prompts and word lists. @returns the size of the prompt files in bytes; undefined when there are none */
async function inspectPrompts(
  { prompts, filter, benchmarks = [], shard }: Config,
  isHere: (path: string) => boolean,
): Promise<number | undefined> {
  for (const file of [filter.blockedFiles ?? [], filter.personalNameFiles ?? []].flat()) await readWordList(file);
  if (shard.extends !== undefined) await readManifest(shard.extends);
  const read = benchmarks.filter(({ source }) => !isWorldName(source) && isHere(source));
  const { files } =
    isWorldName(prompts.source) || !isHere(prompts.source)
      ? { files: undefined }
      : await findSources(prompts.source, prompts.split);
  if (files) requireReadKeys(prompts, files);
  if (files || read.length > 0)
    await inTemporaryFolder('inspection', async (scratch) => {
      for (const benchmark of read) await readBenchmark(benchmark, scratch);
      if (files) await Database.use(scratch, (database) => requireFirstPrompts(files, prompts, database));
    });
  return files?.reduce((sum, { bytes }) => sum + bytes, 0);
}
