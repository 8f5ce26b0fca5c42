import { InputError } from '../../common/errors.ts';
import type { Database } from '../tables/database.ts';
import { keptPrompts } from '../tables/filtered.ts';
import { splitBounds, splits, type Split, type SplitShares } from './split.ts';

/** A shard to write: the prompts of a split with ids in [from, to). */
export interface ShardPlan {
  split: Split;
  file: string;
  from: string;
  to: string;
}

/**
 * Returns SQL for the filter's kept prompts with their splits: the one that the source prescribes, else the one of the
 * cluster's id, so that near duplicates share a split, or of the prompt's own id.
 */
export function placedPrompts(filtered: string, shares: SplitShares): string {
  const { test, validation } = splitBounds(shares);
  const key = 'coalesce(cluster, id)';
  const byHash = `CASE WHEN ${key} < '${test}' THEN 'test' WHEN ${key} >= '${validation}' THEN 'validation' ELSE 'train' END`;
  return `(SELECT id, prompt, tokens, source, coalesce(split, ${byHash}) AS split FROM ${keptPrompts(filtered)})`;
}

/**
 * Cuts each split into shards of at most `rows` prompts, whose sizes differ by at most one row.
 * @param taken number of shards that each split already has
 * @throws InputError when a split gets no prompts although it has a share
 */
export async function planShards(
  database: Database,
  filtered: string,
  config: SplitShares & { rows: number },
  taken: Readonly<Record<Split, number>>,
): Promise<ShardPlan[]> {
  await database.run(
    `CREATE OR REPLACE TABLE ranked AS
     SELECT split, id, row_number() OVER (PARTITION BY split ORDER BY id) - 1 AS rank
     FROM ${placedPrompts(filtered, config)}`,
  );
  const total = await database.number('SELECT count(*) FROM ranked');
  const plans: ShardPlan[] = [];
  for (const split of splits) {
    const rows = await database.number(`SELECT count(*) FROM ranked WHERE split = '${split}'`);
    const problem = rows === 0 && taken[split] === 0 ? emptySplit(split, total, config) : undefined;
    if (problem) throw problem;
    const shards = Math.ceil(rows / config.rows);
    if (shards === 0) continue;
    const starts = Array.from({ length: shards }, (_, i) => Math.floor((rows * i) / shards));
    const first = await database.rows(
      `SELECT id FROM ranked WHERE split = '${split}' AND rank IN (${starts.join(', ')}) ORDER BY rank`,
    );
    const ids = first.map(({ id }) => String(id));
    ids.forEach((from, i) => {
      const number = String(taken[split] + i).padStart(5, '0');
      plans.push({ split, file: `${split}-${number}.parquet`, from, to: ids[i + 1] ?? behindAll });
    });
  }
  await database.run('DROP TABLE ranked');
  return plans;
}

/** Returns the refusal of a split without prompts, or undefined if it has no share. */
export function emptySplit(split: Split, total: number, shares: SplitShares): InputError | undefined {
  const share = split === 'train' ? 1 - shares.validation - shares.test : shares[split];
  if (share <= 0) return undefined;
  return new InputError(
    `None of the ${total} prompts falls into the ${split} split (a share of ${Number(share.toPrecision(2))}): ` +
      'provide more prompts, or raise its share (shard.validation, shard.test).',
  );
}

/** Sorts after every id, since ids are hexadecimal. */
const behindAll = 'g';
