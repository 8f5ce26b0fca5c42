import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { run as filterRun, type FilterConfig } from '../../datasets/stages/filter.ts';
import { run as ingestRun, type IngestConfig } from '../../datasets/stages/ingest.ts';
import type { FanOutBody, Progress, StageContext } from '../../pipeline/stage.ts';
import * as shardBody from '../../datasets/stages/shard.ts';
import type { ShardConfig } from '../../datasets/stages/shard.ts';

const root = await mkdtemp(join(tmpdir(), 'prompts-'));
let folders = 0;
afterAll(() => rm(root, { recursive: true, force: true }));

/** A tokenizer of 682 tokens. */
export const tokenizer = join(import.meta.dirname, '../models/tokenizer');

/** A new empty folder, gone after the tests. */
export async function emptyFolder(): Promise<string> {
  const folder = join(root, String(folders++));
  await mkdir(folder);
  return folder;
}

/** Writes files into a new folder, or a folder below it; returns the path of the first one. */
export async function write(files: Record<string, string | Uint8Array>): Promise<string> {
  const folder = await emptyFolder();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return join(folder, Object.keys(files)[0]!);
}

async function context<Config, Input extends string = never>(config: Config, inputs: Record<Input, string>) {
  const [output, scratch] = [await emptyFolder(), await emptyFolder()];
  return { config, seed: 1, inputs, output, scratch, progress: () => {}, signal: new AbortController().signal };
}

/** Runs the stage and returns its output folder. */
export async function ingest(config: IngestConfig, progress = (_: Progress): void => {}): Promise<string> {
  const given = await context(config, {});
  await ingestRun({ ...given, progress });
  return given.output;
}

export const keepAll: FilterConfig = {
  minCharacters: 1,
  maxCharacters: 1000,
  maxTokens: 77,
  overlong: 'truncate',
  blocked: [],
  tokenizer,
};

export async function filter(ingested: string, config: Partial<FilterConfig> = {}): Promise<string> {
  const given = await context({ ...keepAll, ...config }, { ingest: ingested });
  await filterRun(given);
  return given.output;
}

export async function shard(filtered: string, config: ShardConfig): Promise<string> {
  return fanOut(shardBody, await context(config, { filter: filtered }));
}

/** Runs the items of a fan-out stage one after another, each in its own folders. */
export async function fanOut<Slice, Input extends string>(
  body: FanOutBody<Slice, Input>,
  given: StageContext<Slice, Input>,
): Promise<string> {
  const items: Record<string, string> = {};
  for (const item of await body.items(given)) {
    items[item] = await emptyFolder();
    await body.runItem({ ...given, output: items[item], scratch: await emptyFolder(), item });
  }
  await body.gather({ ...given, items });
  return given.output;
}
