import { constants } from 'node:fs';
import { copyFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { faultPoint } from '../../common/fault-points.ts';
import { canonicalJson, sha256, sha256File, writeFileAtomic } from '../../common/files.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import { Database } from '../tables/database.ts';
import { FILTER_SUMMARY } from '../tables/filtered.ts';
import { readManifest, shardColumns, type ShardEntry, type ShardManifest, MANIFEST } from '../shards/shard-manifest.ts';
import { placedPrompts, planShards, type ShardPlan } from '../shards/shard-plan.ts';
import { splits, type Split, type SplitShares } from '../shards/split.ts';
import { readResult, writeResult } from '../../common/files/result-file.ts';

export interface ShardConfig extends SplitShares {
  /** Maximum number of prompts per shard. */
  rows: number;
  /** A folder of existing shards, which stay unchanged; the new shards are added to them. */
  extends?: string | undefined;
}

/** Prompts that a reader must unpack to read one of them. */
const rowGroup = 4096;

type Context = StageContext<ShardConfig, 'filter'>;

/** Formats a shard to write as an item's text; parsed below. */
const itemOf = ({ file, from, to }: ShardPlan): string => `${file} ${from} ${to}`;
function planOf(item: string): ShardPlan {
  const [file, from, to] = item.split(' ') as [string, string, string];
  return { split: file.slice(0, file.indexOf('-')) as Split, file, from, to };
}

/**
 * Lists the shards to write. Within a split, prompts are sorted by id, which is a hash: effectively shuffled, independent
 * of the input's order, and cut into shards whose sizes differ by at most one row. The run's seed plays no part, so runs
 * with different seeds train and test on the same prompts.
 */
export async function items({ config, inputs, scratch }: Omit<Context, 'output'>): Promise<string[]> {
  const before = config.extends === undefined ? undefined : await readManifest(config.extends);
  const taken = Object.fromEntries(splits.map((split) => [split, before?.splits[split].shards.length ?? 0]));
  const plans = await Database.use(scratch, (database) =>
    planShards(database, inputs.filter, config, taken as Record<Split, number>),
  );
  return plans.map(itemOf);
}

/** Writes a shard and its manifest entry beside it. */
export async function runItem({
  config,
  inputs,
  output,
  scratch,
  progress,
  item,
}: Context & { readonly item: string }): Promise<void> {
  const { split, file, from, to } = planOf(item);
  const path = join(output, file);
  const entry = await Database.use(scratch, async (database): Promise<ShardEntry> => {
    const columns = Object.keys(shardColumns).join(', ');
    await database.run(
      `CREATE TABLE shard AS SELECT ${columns} FROM ${placedPrompts(inputs.filter, config)}
       WHERE split = '${split}' AND id >= '${from}' AND id < '${to}' ORDER BY id`,
    );
    await database.writeParquet('FROM shard', path, rowGroup);
    faultPoint('shard-written');
    const [{ rows, content } = {}] = await database.rows(
      `SELECT count(*) AS rows,
              sha256(string_agg(concat_ws(chr(9), id, prompt, tokens, source), chr(10) ORDER BY id)) AS content
       FROM shard`,
    );
    const { size: bytes } = await stat(path);
    return { file, rows: Number(rows), bytes, sha256: await sha256File(path), content: String(content) };
  });
  await writeFileAtomic(join(output, entryName(file)), canonicalJson(entry));
  progress({ step: 1, total: 1, message: file, metrics: { rows: entry.rows, bytes: entry.bytes } });
}

const entryName = (file: string): string => `${file}.json`;

/** Gathers the shards in one folder, after those being extended, and writes the manifest. */
export async function gather({
  config,
  inputs,
  output,
  items,
}: Context & { readonly items: Readonly<Record<string, string>> }): Promise<void> {
  const before = config.extends === undefined ? undefined : await readManifest(config.extends);
  const made = Object.fromEntries(
    splits.map((split) => [split, { rows: 0, shards: [] }]),
  ) as unknown as ShardManifest['splits'];
  const add = async (split: Split, folder: string, entry: ShardEntry): Promise<void> => {
    if (folder !== output)
      await copyFile(join(folder, entry.file), join(output, entry.file), constants.COPYFILE_FICLONE);
    made[split].shards.push(entry);
    made[split].rows += entry.rows;
  };
  for (const split of splits) {
    for (const entry of before?.splits[split].shards ?? []) await add(split, config.extends!, entry);
  }
  for (const [item, folder] of Object.entries(items)) {
    const { split, file } = planOf(item);
    await add(split, folder, JSON.parse(await readFile(join(folder, entryName(file)), 'utf8')) as ShardEntry);
  }
  const { read, kept, truncated, dropped } = await readResult(FILTER_SUMMARY, inputs.filter);
  const manifest: ShardManifest = {
    format: 1,
    columns: shardColumns,
    splits: made,
    content: sha256(splits.flatMap((split) => made[split].shards.map(({ content }) => content)).join('\n')),
    filter: { read, kept, truncated, dropped },
    ...(before ? { extends: before.content } : {}),
  };
  await writeResult(MANIFEST, output, manifest);
}
