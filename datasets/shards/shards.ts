import { join } from 'node:path';
import { readManifest, type PromptRow } from './shard-manifest.ts';
import { ShardFile } from './shard-file.ts';
import type { Split } from './split.ts';

export type { PromptRow } from './shard-manifest.ts';

/**
 * Reads the first prompts of a split in shard order, which amounts to a random sample. Reads only the shards that hold
 * them.
 *
 * @param count maximum number; default: all
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
