import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { faultPoint } from '../../common/fault-points.ts';
import type { Database } from '../tables/database.ts';
import { judgedBucket, sample, samplesPerReason } from '../rules/judge-prompts.ts';
import { filesIn, parquetFiles } from '../tables/parquet-files.ts';

/** SQL of a file's rows with their places in it, from 0, as file_row_number. */
export const numbered = (path: string): string => parquetFiles(path, 'file_row_number = true');

/** Small enough that a shard reads little more than its own prompts. */
export const rowGroup = 20_480;

/** A bucket of prompts, each once, in the order of their ids. */
export interface UniqueBucket {
  path: string;
  rows: number;
  /** How many rows of it were another one's copies, or in the shards that are extended. */
  duplicate: number;
  known: number;
  samples: Record<'duplicate' | 'known', { source: string; row: number; prompt: string }[]>;
}

/**
 * Keeps one of each prompt of a bucket, whatever the order of the rows: writes the prompts, and which rows were dropped.
 * @param known SQL for the prompts of the shards that are extended (columns id, prompt, source)
 */
export async function uniqueBucket(
  database: Database,
  scratch: string,
  bucket: number,
  known: string | undefined,
): Promise<UniqueBucket> {
  const isKnown = known === undefined ? 'false' : `id IN (SELECT id FROM ${known})`;
  await database.run(
    `CREATE OR REPLACE TABLE ranked AS
     SELECT *, row_number() OVER (PARTITION BY id ORDER BY prompt, source, row) AS copy, ${isKnown} AS known
     FROM ${judgedBucket(scratch, bucket)}`,
  );
  const path = join(scratch, `unique-${bucket}.parquet`);
  const kept = 'copy = 1 AND NOT known';
  await database.writeParquet(
    `SELECT id, prompt, tokens, source, row, split, NULL::VARCHAR AS cluster FROM ranked WHERE ${kept} ORDER BY id`,
    `${path}.tmp`,
    rowGroup,
  );
  await rename(`${path}.tmp`, path);
  faultPoint('bucket-unique');
  const reason = `CASE WHEN known THEN 'known' ELSE 'duplicate' END`;
  await database.writeParquet(
    `SELECT source, row, ${reason} AS reason, id AS of FROM ranked WHERE NOT (${kept}) ORDER BY source, row`,
    join(scratch, `duplicates-${bucket}.parquet`),
  );
  const count = (where: string): Promise<number> => database.number(`SELECT count(*) FROM ranked WHERE ${where}`);
  const samples = async (where: string): Promise<{ source: string; row: number; prompt: string }[]> =>
    (await database.rows(
      `SELECT source, row, prompt FROM ranked WHERE ${where} ORDER BY source, row LIMIT ${samplesPerReason}`,
    )) as never;
  const unique = {
    path,
    rows: await count(kept),
    duplicate: await count('copy > 1 AND NOT known'),
    known: await count('known'),
    samples: { duplicate: await samples('copy > 1 AND NOT known'), known: await samples('known') },
  };
  await database.run('DROP TABLE ranked');
  return unique;
}

/** SQL for the rows that were dropped as copies: columns source, row, reason, of. */
export function duplicateDrops(scratch: string): string {
  return parquetFiles(filesIn(scratch, /^duplicates-\d+\.parquet$/));
}

/** The first samples by source and row of those of all buckets. */
export function firstSamples(of: readonly { source: string; row: number; prompt: string }[]): string[] {
  return [...of]
    .sort((a, b) => (a.source < b.source ? -1 : a.source > b.source ? 1 : a.row - b.row))
    .slice(0, samplesPerReason)
    .map(({ source, row, prompt }) => sample(source, row, prompt));
}
