import { DOUBLE, INTEGER, VARCHAR } from '@duckdb/node-api';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CancelledError } from '../../common/errors.ts';
import { faultPoint } from '../../common/fault-points.ts';
import { canonicalJson, sha256File } from '../../common/files.ts';
import { readSealed, writeSealed } from '../../common/files/sealed.ts';
import { sqlList, type Appender, type Database } from '../tables/database.ts';
import type { FilterSummary } from '../tables/filtered.ts';
import { filesIn, parquetFiles } from '../tables/parquet-files.ts';
import { readPart, sourcesOf } from '../tables/prompt-rows.ts';
import { changes, dropReasons, markings, type DropReason, type PromptRules } from './rules.ts';
import { promptId, splits } from '../shards/split.ts';

/** Counts and samples of the rules for single prompts. */
export type Judged = Required<Pick<FilterSummary, 'read' | 'changed' | 'left' | 'dropped' | 'samples'>>;

export const samplesPerReason = 5;
/** Number of kept prompts held in memory at once. */
const pendingAtMost = 300_000;
const batch = 2048;

const keptTypes = [VARCHAR, VARCHAR, INTEGER, INTEGER, DOUBLE, INTEGER];
const droppedTypes = [INTEGER, DOUBLE, INTEGER];

/** Returns the folder with the judged prompts of a part. */
function judgedFolder(scratch: string, part: string): string {
  return join(scratch, 'judged', basename(part, '.parquet'));
}

/** Returns SQL for the kept prompts of a bucket. */
export function judgedBucket(scratch: string, bucket: number): string {
  return judgedFiles(scratch, new RegExp(`^kept-${bucket}-\\d+\\.parquet$`));
}

/** Returns SQL for all rows that the rules dropped: columns source, row, reason. */
export function judgedDrops(scratch: string): string {
  return judgedFiles(scratch, /^dropped\.parquet$/);
}

/** Lists the matching files of all parts, in order. */
function judgedFiles(scratch: string, name: RegExp): string {
  return parquetFiles(filesIn(join(scratch, 'judged'), /^rows-\d+$/).flatMap((part) => filesIn(part, name)));
}

/** Returns the bucket of an id: buckets are equal ranges of ids, in order. */
function bucketOf(id: string, buckets: number): number {
  return Math.floor((parseInt(id.slice(0, 8), 16) / 0x100000000) * buckets);
}

/**
 * Judges the prompts of a part: writes the kept ones by bucket, and the dropped rows. A part that an interrupted attempt
 * has already judged is not judged again.
 */
export async function judgePart(
  database: Database,
  rules: PromptRules,
  part: string,
  options: { scratch: string; buckets: number; signal: AbortSignal; progress: (rows: number) => void },
): Promise<Judged> {
  const { scratch, buckets, signal, progress } = options;
  const folder = judgedFolder(scratch, part);
  const done = await judgedBefore(folder);
  if (done) return done;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });

  const judged = nothingJudged();
  const names = await sourcesOf(database, part);
  const kept = new BucketWriter(database, folder, buckets, names);
  await kept.open();
  await database.run('CREATE OR REPLACE TABLE dropped (source INTEGER, row DOUBLE, reason INTEGER)');
  const dropped = await database.appender('dropped', droppedTypes);
  for await (const { sources, rows, prompts, splits: sides } of readPart(database, part, names)) {
    if (signal.aborted) throw new CancelledError('Filtering the prompts was cancelled.');
    const drops: [number[], number[], number[]] = [[], [], []];
    for (let i = 0; i < prompts.length; i++) {
      const [source, row] = [sources[i]!, rows[i]!];
      const verdict = rules.judge(prompts[i]!, sides[i]! >= 0);
      if (verdict.kept) {
        for (const change of verdict.changed) judged.changed[change]++;
        for (const marking of verdict.left) judged.left[marking]++;
        kept.add(promptId(verdict.prompt), verdict.prompt, verdict.tokens, source, row, sides[i]!);
      } else {
        const { reason, prompt } = verdict;
        judged.dropped[reason]++;
        if (judged.samples[reason].length < samplesPerReason)
          judged.samples[reason].push(sample(names[source]!, row, prompt));
        drops[0].push(source);
        drops[1].push(row);
        drops[2].push(dropReasons.indexOf(reason));
      }
    }
    dropped.append(drops);
    judged.read += prompts.length;
    progress(judged.read);
    if (kept.pending >= pendingAtMost) await kept.flush();
  }
  dropped.close();
  await kept.flush();
  await database.writeScratch(
    `SELECT ${named(names, 'source')}, row::BIGINT AS row, ${named(dropReasons, 'reason')} FROM dropped`,
    join(folder, 'dropped.parquet'),
  );
  await writeSealed(join(folder, record), { judged, files: await digestsIn(folder) } satisfies JudgedPart);
  faultPoint('part-judged');
  return judged;
}

/** judged.json: the counts of a part, and the digests of the files with its prompts. */
interface JudgedPart {
  judged: Judged;
  files: Record<string, string>;
}

const record = 'judged.json';

/** Reads an earlier judgement of a part; undefined when it is missing, incomplete or altered. */
async function judgedBefore(folder: string): Promise<Judged | undefined> {
  const part = await readSealed<JudgedPart>(join(folder, record)).catch(() => undefined);
  if (!part || canonicalJson(await digestsIn(folder)) !== canonicalJson(part.files)) return undefined;
  return part.judged;
}

async function digestsIn(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.parquet'));
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await digestOf(join(folder, name))])));
}

const digestOf = (path: string): Promise<string> => sha256File(path).catch(() => '');

/** Adds the counts of a part to the total. */
export function addJudged(total: Judged, part: Judged): void {
  total.read += part.read;
  for (const change of changes) total.changed[change] += part.changed[change];
  for (const marking of markings) total.left[marking] += part.left[marking];
  for (const reason of dropReasons) {
    total.dropped[reason] += part.dropped[reason];
    total.samples[reason] = [...total.samples[reason], ...part.samples[reason]].slice(0, samplesPerReason);
  }
}

export function nothingJudged(): Judged {
  const byReason = <T>(value: () => T) =>
    Object.fromEntries(dropReasons.map((reason) => [reason, value()])) as Record<DropReason, T>;
  return {
    read: 0,
    changed: { normalized: 0, weights: 0, flags: 0 },
    left: { weights: 0, flags: 0 },
    dropped: byReason(() => 0),
    samples: byReason((): string[] => []),
  };
}

export function sample(source: string, row: number, prompt: string): string {
  return `${source}:${row}: ${prompt.length > 200 ? `${prompt.slice(0, 200)}...` : prompt}`;
}

/** Returns SQL that looks up a column of indices in a list; null for -1. */
const named = (list: readonly string[], column: string): string =>
  `list_extract(${sqlList(list)}, nullif(${column} + 1, 0)) AS ${column}`;

/** Writes kept prompts to buckets by ranges of ids. */
class BucketWriter {
  readonly #database: Database;
  readonly #folder: string;
  readonly #buckets: number;
  readonly #sources: readonly string[];
  #appenders: Appender[] = [];
  #columns: unknown[][][] = [];
  #flushes = 0;
  pending = 0;

  constructor(database: Database, folder: string, buckets: number, sources: readonly string[]) {
    this.#sources = sources;
    this.#database = database;
    this.#folder = folder;
    this.#buckets = buckets;
  }

  async open(): Promise<void> {
    this.#appenders = [];
    for (let bucket = 0; bucket < this.#buckets; bucket++) {
      await this.#database.run(
        `CREATE OR REPLACE TABLE kept_${bucket} (id VARCHAR, prompt VARCHAR, tokens INTEGER, source INTEGER, row DOUBLE, split INTEGER)`,
      );
      this.#appenders.push(await this.#database.appender(`kept_${bucket}`, keptTypes));
    }
    this.#columns = this.#appenders.map(() => keptTypes.map(() => []));
    this.pending = 0;
  }

  add(id: string, prompt: string, tokens: number, source: number, row: number, split: number): void {
    const bucket = bucketOf(id, this.#buckets);
    const columns = this.#columns[bucket]!;
    columns[0]!.push(id);
    columns[1]!.push(prompt);
    columns[2]!.push(tokens);
    columns[3]!.push(source);
    columns[4]!.push(row);
    columns[5]!.push(split);
    if (columns[0]!.length === batch) this.#append(bucket);
    this.pending++;
  }

  /** Writes the pending prompts and clears them. */
  async flush(): Promise<void> {
    for (const [bucket, appender] of this.#appenders.entries()) {
      this.#append(bucket);
      appender.close();
      const path = join(this.#folder, `kept-${bucket}-${this.#flushes}.parquet`);
      await this.#database.writeScratch(
        `SELECT id, prompt, tokens, ${named(this.#sources, 'source')}, row::BIGINT AS row, ${named(splits, 'split')}
         FROM kept_${bucket}`,
        path,
      );
    }
    this.#flushes++;
    await this.open();
  }

  #append(bucket: number): void {
    this.#appenders[bucket]!.append(this.#columns[bucket] as never);
    this.#columns[bucket] = keptTypes.map(() => []);
  }
}
