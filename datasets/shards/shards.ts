import { join } from 'node:path';
import { readManifest, type PromptRow } from './shard-manifest.ts';
import { ShardFile } from './shard-file.ts';
import type { Split } from './split.ts';

export type { PromptRow } from './shard-manifest.ts';

/**
 * The first prompts of a split in the order of the shards, which is as good as shuffled: they are a random sample.
 * Only the shards that hold them are read.
 *
 * @param count how many, at most; all of them when left out
 * @throws InputError when the folder holds no shards, RunError when a shard is damaged
 */
export async function readSplit(folder: string, split: Split, count: number = Infinity): Promise<PromptRow[]> {
  const { shards } = (await readManifest(folder)).splits[split];
  const all: PromptRow[] = [];
  for (const { file, rows } of shards) {
    if (all.length >= count) break;
    const shard = await ShardFile.open(join(folder, file), rows);
    for (const row of await shard.read(0, Math.min(rows, count - all.length))) all.push(row);
  }
  return all;
}
