import { BIGINT, BOOLEAN } from '@duckdb/node-api';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { CancelledError } from '../../common/errors.ts';
import { faultPoint } from '../../common/fault-points.ts';
import type { Database } from '../tables/database.ts';
import { numbered, rowGroup, type UniqueBucket } from './duplicates.ts';
import { samplesPerReason } from '../rules/judge-prompts.ts';
import { bands } from './min-hash.ts';
import { NearDuplicates } from './near-duplicates.ts';
import { filesIn, parquetFiles } from '../tables/parquet-files.ts';

export interface NearDuplicateSettings {
  /** Minimum Jaccard similarity of near duplicates, over words and pairs of adjacent words, in (0, 1]. */
  similarity: number;
  /** Number of prompts to keep of each cluster. */
  keep: number;
}

interface ClusterContext {
  scratch: string;
  signal: AbortSignal;
  progress: (done: number, of: number, message: string) => void;
}

export interface Clustered {
  dropped: number;
  samples: { source: string; row: number; prompt: string }[];
}

/**
 * Keeps the prompts with the lowest ids of each cluster, and names the cluster by its lowest id. Prompts of shards being
 * extended come before all others, and near duplicates of them are dropped. Rewrites the buckets.
 *
 * @param known files of the shards being extended, in order
 */
export async function dropNearDuplicates(
  database: Database,
  buckets: readonly UniqueBucket[],
  known: readonly string[],
  { similarity, keep }: NearDuplicateSettings,
  context: ClusterContext,
): Promise<Clustered> {
  const files = [...known, ...buckets.map(({ path }) => path)];
  const starts: number[] = [];
  let total = 0;
  for (const file of files) {
    starts.push(total);
    total += await database.number(`SELECT count(*) FROM ${parquetFiles(file)}`);
  }
  const firstNew = starts[known.length] ?? total;
  const groups = await findGroups(database, files, total, similarity, context);

  await database.run('CREATE OR REPLACE TABLE near (place BIGINT, first BIGINT, kept BOOLEAN)');
  const appender = await database.appender('near', [BIGINT, BIGINT, BOOLEAN]);
  const members = new Map<number, number>();
  let columns: [bigint[], bigint[], boolean[]] = [[], [], []];
  let dropped = 0;
  for (let place = firstNew; place < total; place++) {
    const first = groups[place]!;
    if (first === place) continue;
    const before = members.get(first) ?? 1;
    const kept = first >= firstNew && before < keep;
    members.set(first, before + 1);
    if (!kept) dropped++;
    columns[0].push(BigInt(place));
    columns[1].push(BigInt(first));
    columns[2].push(kept);
    if (columns[0].length === 2048) {
      appender.append(columns);
      columns = [[], [], []];
    }
  }
  appender.append(columns);
  appender.close();
  await nameFirsts(database, files, starts);
  const samples: Clustered['samples'] = [];
  for (const [i, bucket] of buckets.entries()) {
    samples.push(...(await rewrite(database, bucket, starts[known.length + i]!, i, context.scratch)));
  }
  return { dropped, samples };
}

/** Returns SQL for the dropped rows: columns source, row, reason, of. */
export function nearDrops(scratch: string): string {
  return parquetFiles(filesIn(scratch, /^near-\d+\.parquet$/));
}

async function findGroups(
  database: Database,
  files: readonly string[],
  total: number,
  similarity: number,
  { scratch, signal, progress }: ClusterContext,
): Promise<Uint32Array> {
  const near = new NearDuplicates(scratch, total, similarity);
  let signed = 0;
  for (const file of files) {
    for await (const [prompts] of database.columns(`SELECT prompt FROM ${parquetFiles(file)}`)) {
      if (signal.aborted) throw new CancelledError('Filtering the prompts was cancelled.');
      for (const prompt of prompts as string[]) near.add(prompt);
      signed += prompts!.length;
      progress(signed, 2 * total, `${signed} of ${total} prompts signed`);
    }
  }
  return near.groups((band) => {
    progress(total + (total * band) / bands, 2 * total, `${band} of ${bands} bands compared`);
  });
}

/** Fills the table `firsts` with the ids of the first prompts of clusters. */
async function nameFirsts(database: Database, files: readonly string[], starts: readonly number[]): Promise<void> {
  await database.run('CREATE OR REPLACE TABLE firsts (place BIGINT, id VARCHAR)');
  for (const [i, file] of files.entries()) {
    await database.run(
      `INSERT INTO firsts SELECT place, id
       FROM (SELECT file_row_number + ${starts[i]!} AS place, id FROM ${numbered(file)})
       WHERE place IN (SELECT first FROM near)`,
    );
  }
}

async function rewrite(
  database: Database,
  { path }: UniqueBucket,
  start: number,
  bucket: number,
  scratch: string,
): Promise<Clustered['samples']> {
  await database.run(
    `CREATE OR REPLACE TABLE clustered AS
     SELECT prompts.*, firsts.id AS first, coalesce(kept, true) AS kept
     FROM ${numbered(path)} AS prompts
     LEFT JOIN near ON near.place = file_row_number + ${start}
     LEFT JOIN firsts ON firsts.place = near.first`,
  );
  await database.writeParquet(
    `SELECT id, prompt, tokens, source, row, split, first AS cluster FROM clustered WHERE kept ORDER BY id`,
    `${path}.tmp`,
    rowGroup,
  );
  await database.writeParquet(
    `SELECT source, row, 'near-duplicate' AS reason, first AS of FROM clustered WHERE NOT kept ORDER BY source, row`,
    join(scratch, `near-${bucket}.parquet`),
  );
  faultPoint('bucket-clustered');
  const samples = await database.rows(
    `SELECT source, row, prompt FROM clustered WHERE NOT kept ORDER BY source, row LIMIT ${samplesPerReason}`,
  );
  await database.run('DROP TABLE clustered');
  await rename(`${path}.tmp`, path);
  return samples as unknown as Clustered['samples'];
}
