import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { faultPoint } from '../../common/fault-points.ts';
import type { Database } from '../tables/database.ts';
import { judgedBucket, sample, samplesPerReason } from '../rules/judge-prompts.ts';
import { filesIn, parquetFiles } from '../tables/parquet-files.ts';

/** Returns SQL for a file's rows with their 0-based index as file_row_number. */
export const numbered = (path: string): string => parquetFiles(path, 'file_row_number = true');

/** Rows per group: small enough that a shard reads little more than its own prompts. */
export const rowGroup = 20_480;

/** A bucket of distinct prompts, sorted by id. */
export interface UniqueBucket {
  path: string;
  rows: number;
  /** Numbers of dropped rows: duplicates, and rows already in the shards being extended. */
  duplicate: number;
  known: number;
  samples: Record<'duplicate' | 'known', { source: string; row: number; prompt: string }[]>;
}

/**
 * Removes the duplicates of a bucket, independent of the order of its rows. Writes the kept prompts and the dropped rows.
 * @param known SQL for the prompts of the shards being extended (columns id, prompt, source)
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

/** Returns SQL for the rows dropped as duplicates: columns source, row, reason, of. */
export function duplicateDrops(scratch: string): string {
  return parquetFiles(filesIn(scratch, /^duplicates-\d+\.parquet$/));
}

/** Returns the first samples of all buckets, by source and row. */
export function firstSamples(of: readonly { source: string; row: number; prompt: string }[]): string[] {
  return [...of]
    .sort((a, b) => (a.source < b.source ? -1 : a.source > b.source ? 1 : a.row - b.row))
    .slice(0, samplesPerReason)
    .map(({ source, row, prompt }) => sample(source, row, prompt));
}
