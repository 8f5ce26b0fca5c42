import { CancelledError, InputError } from '../../common/errors.ts';
import { writeResult } from '../../common/files/result-file.ts';
import { whileUnchanged } from '../../common/files/stamps.ts';
import type { StageContext } from '../../pipeline/stage.ts';
import { Database } from '../tables/database.ts';
import { INGEST_SUMMARY, type IngestSummary } from '../tables/ingested.ts';
import { RowWriter } from '../tables/prompt-rows.ts';
import { describeFault, type PromptBatch } from '../sources/batch.ts';
import { findSources } from '../sources/find-sources.ts';
import type { SourceFile } from '../sources/source-file.ts';
import { isBadText, parquetQuery, unreadableParquet } from '../sources/parquet/query.ts';
import { readPrompts, unpacked, type ReadOptions } from '../sources/read-source.ts';
import { refusal, worldRows } from '../sources/source-rows.ts';
import { isWorldName, type SourceName } from '../../world/scenes/common/world-names.ts';

export interface IngestConfig extends ReadOptions {
  /** An embedded world, a file, a folder of files, or a pattern. */
  source: string;
  /** Maximum number of prompts to read. */
  limit?: number | undefined;
  /** Split to read from a data set with several: `train`, `train+test`, or `all`. */
  split?: string | undefined;
  /** Treatment of a record that cannot be read: it fails the stage, or is counted and skipped. */
  malformed?: 'refuse' | 'skip' | undefined;
}

const samplesPerFile = 5;
const samplesAtMost = 50;
const ignoredNames = 50;

/** Reads the raw prompts into Parquet parts with the columns source, row, prompt, split. Nothing is filtered here. */
export async function run(context: StageContext<IngestConfig>): Promise<void> {
  const { config, output, scratch } = context;
  const summary = await Database.use(scratch, async (database) => {
    const writer = new RowWriter(database, output);
    const read = isWorldName(config.source)
      ? await ingestWorld(writer, config.source, config.limit)
      : await ingestFiles(writer, database, context);
    await writer.flush();
    return read;
  });
  if (summary.rows === 0) throw nothingRead(config.source, summary);
  await writeResult(INGEST_SUMMARY, output, summary);
}

async function ingestWorld(writer: RowWriter, world: SourceName, limit = Infinity): Promise<IngestSummary> {
  for (const batch of worldRows(world)) {
    const left = limit - writer.rows;
    const { sources, rows, prompts, splits } = batch;
    if (left <= 0) break;
    await writer.append({
      sources: sources.slice(0, left),
      rows: rows.slice(0, left),
      prompts: prompts.slice(0, left),
      splits: splits.slice(0, left),
    });
  }
  const files = [{ name: world, rows: writer.rows, malformed: 0, blank: 0 }];
  return { rows: writer.rows, malformed: 0, samples: [], files, ignored: { files: 0, first: [] } };
}

async function ingestFiles(
  writer: RowWriter,
  database: Database,
  { config, scratch, progress, signal }: StageContext<IngestConfig>,
): Promise<IngestSummary> {
  const { source, limit = Infinity, malformed = 'refuse' } = config;
  const { files, ignored } = await findSources(source, config.split);
  const summary: IngestSummary = {
    rows: 0,
    malformed: 0,
    samples: [],
    files: [],
    ignored: { files: ignored.length, first: ignored.slice(0, ignoredNames) },
  };
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let step = 0;
  const report = (): void => progress({ step, total, message: 'bytes', metrics: { rows: writer.rows } });
  for (const found of files) {
    if (writer.rows >= limit) break;
    const before = writer.rows;
    const end = step + found.bytes;
    const counts: IngestSummary['files'][number] = { name: found.name, rows: 0, malformed: 0, blank: 0 };
    const file = await unpacked(found, scratch);
    const copied =
      file.kind === 'parquet' && (await copyParquet(writer, database, file, config.column, limit - before));
    if (!copied) {
      for await (const read of readPrompts(file, database, config, (bytes) => (step += bytes))) {
        if (signal.aborted) throw new CancelledError('Reading the prompts was cancelled.');
        const batch = upTo(read, limit - writer.rows);
        if (batch.faults.length > 0 && malformed === 'refuse') throw refusal(file, batch);
        await writer.append({
          ...batch,
          sources: batch.rows.map(() => file.name),
          splits: batch.rows.map(() => null),
        });
        const room = Math.min(samplesPerFile - counts.malformed, samplesAtMost - summary.samples.length);
        summary.samples.push(
          ...batch.faults.slice(0, Math.max(0, room)).map((fault) => describeFault(file.name, fault)),
        );
        counts.malformed += batch.faults.length;
        counts.blank += batch.blank;
        if (batch.comments > 0) counts.comments = (counts.comments ?? 0) + batch.comments;
        report();
        if (writer.rows >= limit) break;
      }
    }
    counts.rows = writer.rows - before;
    summary.files.push(counts);
    summary.malformed += counts.malformed;
    step = end;
    report();
  }
  return { ...summary, rows: writer.rows };
}

/**
 * Lets DuckDB copy Parquet directly.
 * @returns whether it could: it cannot follow paths into JSON, and fails on invalid UTF-8
 */
async function copyParquet(
  writer: RowWriter,
  database: Database,
  { path, name }: SourceFile,
  column: string | undefined,
  limit: number,
): Promise<boolean> {
  return whileUnchanged(path, name, async () => {
    const { sql, place } = await parquetQuery(database, path, name, column);
    if (place.keys.length > 0) return false;
    try {
      await writer.copy(name, limit === Infinity ? sql : `${sql} LIMIT ${limit}`);
      return true;
    } catch (error) {
      if (isBadText(error)) return false;
      throw unreadableParquet(name, error);
    }
  });
}

/** Returns the first `count` rows of a batch, and the faults before the last of them. */
function upTo(batch: PromptBatch, count: number): PromptBatch {
  if (batch.rows.length <= count) return batch;
  const rows = batch.rows.slice(0, count);
  const last = rows.at(-1)!;
  return {
    ...batch,
    rows,
    prompts: batch.prompts.slice(0, count),
    faults: batch.faults.filter(({ row }) => row < last),
  };
}

function nothingRead(source: string, { malformed, samples }: IngestSummary): InputError {
  if (malformed === 0) return new InputError(`${source}: contains no prompts.`);
  return new InputError(`${source}: none of its ${malformed} records can be read; the first: ${samples[0]!}.`);
}
