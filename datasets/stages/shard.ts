import { join } from 'node:path';
import { CancelledError, InputError } from '../../common/errors.ts';
import { canonicalJson, sha256File, writeFileAtomic } from '../../common/files.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import { Database, sqlString } from '../database.ts';
import { shardColumns, type ShardEntry, type ShardManifest } from '../manifest.ts';
import { splitBounds, splits, type Split, type SplitShares } from '../split.ts';

export interface ShardConfig extends SplitShares {
  /** Prompts a shard, at most. */
  rows: number;
}

/**
 * Cuts the kept prompts into splits and shards. Within a split the prompts lie in the order of their ids, which are
 * hashes: as good as shuffled, the same for any order of the input, and cut into shards that differ by one row at most.
 * The run's seed has no part in it, so runs of other seeds train and test on the same prompts.
 */
export async function run(context: StageContext<ShardConfig, 'filter'>): Promise<void> {
  const { config, inputs, output, scratch, progress, signal } = context;
  const manifest = await Database.use(scratch, async (database) => {
    await rankRows(database, join(inputs.filter, 'prompts.parquet'), config);
    const plans = await planShards(database, config);
    const made = Object.fromEntries(splits.map((split) => [split, { rows: 0, shards: [] as ShardEntry[] }]));
    for (const [step, plan] of plans.entries()) {
      if (signal.aborted) throw new CancelledError('Writing the shards was cancelled.');
      const entry = await writeShard(database, output, plan);
      made[plan.split]!.shards.push(entry);
      made[plan.split]!.rows += entry.rows;
      progress({ step: step + 1, total: plans.length, message: entry.file });
    }
    return { format: 1, columns: shardColumns, splits: made as ShardManifest['splits'] } satisfies ShardManifest;
  });
  await writeFileAtomic(join(output, 'manifest.json'), `${canonicalJson(manifest)}\n`);
}

/** A shard to write: the rows of a split with ranks in [from, to). */
interface ShardPlan {
  split: Split;
  file: string;
  from: number;
  to: number;
}

/** Fills the table `ranked` with each prompt's split and its place there. */
async function rankRows(database: Database, path: string, shares: SplitShares): Promise<void> {
  const { test, validation } = splitBounds(shares);
  const byHash = `CASE WHEN id < '${test}' THEN 'test' WHEN id >= '${validation}' THEN 'validation' ELSE 'train' END`;
  await database.run(
    `CREATE TABLE ranked AS
     SELECT *, row_number() OVER (PARTITION BY split ORDER BY id) - 1 AS rank
     FROM (SELECT id, prompt, tokens, source, coalesce(split, ${byHash}) AS split FROM read_parquet(${sqlString(path)}))
     ORDER BY split, rank`,
  );
}

/** @throws InputError when a split gets no prompt though it has a share */
async function planShards(database: Database, config: ShardConfig): Promise<ShardPlan[]> {
  const plans: ShardPlan[] = [];
  const total = await database.number('SELECT count(*) FROM ranked');
  for (const split of splits) {
    const rows = await database.number(`SELECT count(*) FROM ranked WHERE split = '${split}'`);
    const share = split === 'train' ? 1 - config.validation - config.test : config[split];
    if (rows === 0 && share > 0) {
      throw new InputError(
        `None of the ${total} prompts falls into the ${split} split (a share of ${share.toFixed(2)}): ` +
          'give more prompts, or raise its share (shard.validation, shard.test).',
      );
    }
    const shards = Math.ceil(rows / config.rows);
    for (let i = 0; i < shards; i++) {
      const [from, to] = [i, i + 1].map((place) => Math.floor((rows * place) / shards)) as [number, number];
      plans.push({ split, file: `${split}-${String(i).padStart(5, '0')}.parquet`, from, to });
    }
  }
  return plans;
}

async function writeShard(database: Database, folder: string, plan: ShardPlan): Promise<ShardEntry> {
  const { split, file, from, to } = plan;
  const rows = `FROM ranked WHERE split = '${split}' AND rank >= ${from} AND rank < ${to}`;
  await database.writeParquet(
    `SELECT ${Object.keys(shardColumns).join(', ')} ${rows} ORDER BY rank`,
    join(folder, file),
  );
  const [{ content } = {}] = await database.rows(
    `SELECT sha256(string_agg(concat_ws(chr(9), id, prompt, tokens, source), chr(10) ORDER BY rank)) AS content ${rows}`,
  );
  return { file, rows: to - from, sha256: await sha256File(join(folder, file)), content: content as string };
}
