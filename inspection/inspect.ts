import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { product } from '../common/product.ts';
import { readBenchmark } from '../datasets/benchmarks.ts';
import { readManifest } from '../datasets/manifest.ts';
import { findSources } from '../datasets/sources/find.ts';
import { readWordList } from '../datasets/word-lists.ts';
import { HELD_OUT } from '../evaluation/names.ts';
import { loadPipeline } from '../models/pipeline.ts';
import type { Config } from '../pipeline/config.ts';
import type { Inspect, RunFacts } from '../pipeline/inspection.ts';
import { inspectRewards } from '../rewards/inspect.ts';
import { inspectNetworks } from './networks.ts';
import { inspectPictures } from './pictures.ts';
import { inspectSteps } from './steps.ts';

/**
 * Refuses what a stage of the run would refuse later, as far as the configuration and the headers of files tell: no weights
 * are read and no engine is started. What is fetched first (`absent`) is passed over.
 */
export const inspect: Inspect<Config> = async (config, absent) => {
  const isHere = (path: string): boolean => !absent.has(path);
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
  await inspectNetworks(config, pipeline);
  await inspectPictures(config, pipeline);
  const parameters = [...pipeline.weights.unet.values()].reduce((sum, { shape }) => sum + product(shape), 0);
  return { ...facts, evaluationCost: parameters * pipeline.config.unet.sample_size ** 2 };
};

/** @returns the size of the files with the prompts, where there are such */
async function inspectPrompts(
  { prompts, filter, benchmarks = [], shard }: Config,
  isHere: (path: string) => boolean,
): Promise<number | undefined> {
  for (const file of [filter.blockedFiles ?? [], filter.personalNameFiles ?? []].flat()) await readWordList(file);
  if (shard.extends !== undefined) await readManifest(shard.extends);
  const read = benchmarks.filter(({ source }) => source !== 'shapes' && isHere(source));
  if (read.length > 0) {
    const scratch = await mkdtemp(join(tmpdir(), 'textcraftor-benchmarks-'));
    try {
      for (const benchmark of read) await readBenchmark(benchmark, scratch);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  if (prompts.source === 'shapes' || !isHere(prompts.source)) return undefined;
  const { files } = await findSources(prompts.source);
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
