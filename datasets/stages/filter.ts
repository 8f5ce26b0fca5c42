import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, RunError } from '../../common/errors.ts';
import { readResult, writeResult } from '../../common/files/result-file.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import { writePromptCard } from '../tables/dataset-card.ts';
import { dropNearDuplicates, nearDrops, type NearDuplicateSettings } from '../duplicates/clusters.ts';
import { Database } from '../tables/database.ts';
import { duplicateDrops, firstSamples, uniqueBucket, type UniqueBucket } from '../duplicates/duplicates.ts';
import { DROPPED_FILE, FILTER_SUMMARY, keptFile, keptPrompts, type FilterSummary } from '../tables/filtered.ts';
import { INGEST_SUMMARY } from '../tables/ingested.ts';
import { addJudged, judgedDrops, judgePart, nothingJudged, type Judged } from '../rules/judge-prompts.ts';
import { readManifest } from '../shards/shard-manifest.ts';
import { parquetFiles } from '../tables/parquet-files.ts';
import { partsOf } from '../tables/prompt-rows.ts';
import { PromptRules, type RulesConfig } from '../rules/rules.ts';
import { splits } from '../shards/split.ts';

export type { FilterSummary } from '../tables/filtered.ts';

export interface FilterConfig extends RulesConfig {
  /** If left out, near duplicates are kept. */
  nearDuplicates?: NearDuplicateSettings | undefined;
  /** A folder of shards to extend: their prompts and near duplicates of these are dropped. */
  extends?: string | undefined;
}

type Context = StageContext<FilterConfig, 'ingest'>;

/**
 * Cleans the prompts, drops those that the rules refuse and duplicates, and counts them by reason. `prompts-*.parquet` hold
 * the kept prompts sorted by id; `dropped.parquet` holds every other row (datasets/tables/filtered.ts).
 */
export function run(context: Context): Promise<void> {
  return filterPrompts(context, 1_000_000);
}

/** Filters the prompts. @param bucketRows rows per bucket, which are sorted in memory; the output does not depend on it */
export async function filterPrompts(context: Context, bucketRows: number): Promise<void> {
  const { config, inputs, output, scratch, signal, progress } = context;
  const rules = await PromptRules.load(config, scratch);
  const { rows } = await readResult(INGEST_SUMMARY, inputs.ingest);
  const buckets = Math.max(1, Math.ceil(rows / bucketRows));
  const known = config.extends === undefined ? [] : await shardFiles(config.extends);
  const summary = await Database.use(scratch, async (database): Promise<FilterSummary> => {
    const judged = await judgeAll(database, rules, rows, buckets, context);
    const unique = await dropDuplicates(database, buckets, known, judged, context);
    if (config.nearDuplicates) {
      const { dropped, samples } = await dropNearDuplicates(database, unique, known, config.nearDuplicates, {
        scratch,
        signal,
        progress: (done, of, message) => progress({ step: rows + (rows * done) / of, total: 2 * rows, message }),
      });
      judged.dropped['near-duplicate'] = dropped;
      judged.samples['near-duplicate'] = firstSamples(samples);
    }
    for (const [i, { path }] of unique.entries()) await rename(path, join(output, keptFile(i)));
    await writeDropped(database, Boolean(config.nearDuplicates), context);

    const prompts = keptPrompts(output);
    const kept = await database.number(`SELECT count(*) FROM ${prompts}`);
    if (kept === 0) throw nothingLeft(judged);
    const dropped = Object.values(judged.dropped).reduce((sum, count) => sum + count);
    if (judged.read !== kept + dropped)
      throw new RunError(
        `${judged.read} prompts were read, but ${kept} kept and ${dropped} dropped; please report this.`,
      );
    await writePromptCard(database, output, inputs.ingest);
    const truncated = await database.number(`SELECT count(*) FROM ${prompts} WHERE tokens > ${rules.maxTokens}`);
    return { ...judged, kept, truncated };
  });
  await writeResult(FILTER_SUMMARY, output, summary);
}

/** Judges each prompt on its own. */
async function judgeAll(
  database: Database,
  rules: PromptRules,
  rows: number,
  buckets: number,
  { inputs, scratch, progress, signal }: Context,
): Promise<Judged> {
  const judged = nothingJudged();
  await mkdir(scratch, { recursive: true });
  for (const part of partsOf(inputs.ingest)) {
    const before = judged.read;
    const report = (read: number): void =>
      progress({ step: before + read, total: rows, message: `${before + read} of ${rows} prompts judged` });
    addJudged(judged, await judgePart(database, rules, part, { scratch, buckets, signal, progress: report }));
  }
  if (judged.read !== rows)
    throw new RunError(`${inputs.ingest}: ${judged.read} prompts were found, but its summary says ${rows}.`);
  return judged;
}

/** Removes duplicates, independent of the order of the rows. */
async function dropDuplicates(
  database: Database,
  buckets: number,
  known: readonly string[],
  judged: Judged,
  { scratch }: Context,
): Promise<UniqueBucket[]> {
  const knownPrompts = known.length > 0 ? parquetFiles(known) : undefined;
  const unique: UniqueBucket[] = [];
  for (let bucket = 0; bucket < buckets; bucket++) {
    unique.push(await uniqueBucket(database, scratch, bucket, knownPrompts));
  }
  for (const reason of ['known', 'duplicate'] as const) {
    judged.dropped[reason] = unique.reduce((sum, each) => sum + each[reason], 0);
    judged.samples[reason] = firstSamples(unique.flatMap(({ samples }) => samples[reason]));
  }
  return unique;
}

/** Writes every row that was not kept. */
async function writeDropped(database: Database, near: boolean, { output, scratch }: Context): Promise<void> {
  const drops = [duplicateDrops(scratch), ...(near ? [nearDrops(scratch)] : [])];
  const byRules = `SELECT source, row, reason, NULL::VARCHAR AS of FROM ${judgedDrops(scratch)}`;
  const others = drops.map((rows) => `SELECT source, row, reason, of FROM ${rows}`);
  await database.writeParquet([byRules, ...others].join(' UNION ALL '), join(output, DROPPED_FILE));
}

/** Lists the files of all shards of a folder. */
async function shardFiles(folder: string): Promise<string[]> {
  const manifest = await readManifest(folder);
  return splits.flatMap((split) => manifest.splits[split].shards.map(({ file }) => join(folder, file)));
}

function nothingLeft({ read, dropped }: Judged): InputError {
  const reasons = Object.entries(dropped).filter(([, count]) => count > 0);
  const counts = reasons.map(([reason, count]) => `${reason} ${count}`).join(', ');
  return new InputError(
    `None of the ${read} prompts passes the filter (${counts}); change the prompts or the filter's settings.`,
  );
}
