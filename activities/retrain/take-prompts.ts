import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { mkdir, rm } from 'node:fs/promises';
import { InputError } from '../../common/errors.ts';
import { sha256 } from '../../common/files.ts';
import { Database } from '../../datasets/database.ts';
import { parquetFiles } from '../../datasets/parquet-files.ts';
import { partsOf } from '../../datasets/rows.ts';
import { findSources, type SourceFile } from '../../datasets/sources/find.ts';
import { run as ingest, type IngestConfig } from '../../datasets/stages/ingest.ts';
import { ExternalDigests } from '../../pipeline/external.ts';
import type { Home } from '../../pipeline/home.ts';
import { withLock } from '../../pipeline/lock.ts';
import { partitionOf } from '../../pipeline/schedules/partition.ts';
import { Schedules, type Batch, type BatchOwner } from '../../pipeline/schedules/schedules.ts';

export interface TakeTask {
  schedule: string;
  /** Only files of this day. */
  partition?: string;
}

/** A batch as the workflow sees it. */
export interface TakenBatch {
  number: number;
  rows: number;
}

/** A file that was changed just now may be half-written; it is left for the next time. */
const settledMilliseconds = 2000;

/**
 * Takes the prompts that no batch of the schedule has: those of files that are new, and the new ones of files that have
 * grown. Called again for the same owner it gives the same batch.
 *
 * @param owner the workflow execution that it is for
 * @param isOpen whether an owner's workflow still runs; what others have left behind is given back
 * @returns null when there is nothing new, or not enough yet
 */
export async function takePrompts(
  home: Home,
  { schedule: name, partition }: TakeTask,
  owner: BatchOwner,
  isOpen: (owner: BatchOwner) => Promise<boolean>,
  signal: AbortSignal,
): Promise<TakenBatch | null> {
  const schedules = new Schedules(home);
  const { config, minimumPrompts } = await schedules.recorded(name);
  const { prompts } = config as { prompts: IngestConfig };
  return withLock(schedules.folder(name), async () => {
    const batches = await keptBatches(schedules, name, isOpen);
    const own = batches.find(
      (batch) => batch.owner.workflowId === owner.workflowId && batch.owner.runId === owner.runId,
    );
    if (own) return own.rows === 0 ? null : { number: own.number, rows: own.rows };

    const known = new Set(batches.flatMap(({ files }) => files.map(({ digest }) => digest)));
    const fresh = await newFiles(home, prompts.source, partition, known);
    if (fresh.length === 0) return null;
    const draft = await schedules.draft(name);
    const used = batches.filter(({ rows }) => rows > 0).map(({ number }) => schedules.prompts(name, number));
    const { rows, all } = await writeNew(draft, fresh, used, prompts, signal);
    if (rows < minimumPrompts && rows > 0) {
      await rm(draft, { recursive: true, force: true });
      return null;
    }
    const number = (batches.at(-1)?.number ?? 0) + 1;
    const batch: Batch = {
      number,
      status: rows === 0 ? 'used' : 'taken',
      owner,
      takenAt: new Date().toISOString(),
      rows,
      files: all ? fresh.map((file) => ({ name: file.name, digest: file.digest })) : [],
      ...(partition === undefined ? {} : { partition }),
    };
    await schedules.commit(name, draft, batch);
    return rows === 0 ? null : { number, rows };
  });
}

/** The batches without those of retrainings that have ended without a word. */
async function keptBatches(
  schedules: Schedules,
  name: string,
  isOpen: (owner: BatchOwner) => Promise<boolean>,
): Promise<Batch[]> {
  const kept: Batch[] = [];
  for (const batch of await schedules.batches(name)) {
    if (batch.status === 'used' || (await isOpen(batch.owner))) kept.push(batch);
    else await schedules.release(name, batch.number);
  }
  return kept;
}

type NewFile = SourceFile & { digest: string };

/** Files whose content no batch has seen, by the digest of their content. */
async function newFiles(
  home: Home,
  source: string,
  partition: string | undefined,
  known: ReadonlySet<string>,
): Promise<NewFile[]> {
  if (source === 'shapes')
    throw new InputError('A schedule needs prompts that arrive: prompts.source must be a folder or a file.');
  const { files } = await findSources(source).catch((error: unknown) => {
    if (error instanceof InputError) return { files: [] }; // nothing has arrived yet
    throw error;
  });
  const digests = new ExternalDigests(home.externalDigests);
  const found: NewFile[] = [];
  for (const file of files) {
    if (file.bytes === 0 || (partition !== undefined && partitionOf(file.name) !== partition)) continue;
    if (Date.now() - (await stat(file.path)).mtimeMs < settledMilliseconds) continue;
    const digest = sha256(await digests.digest(file.path));
    if (!known.has(digest)) found.push({ ...file, digest });
  }
  return found;
}

/** Writes prompts.parquet: each prompt once, in order of their text. @returns whether it holds all there were */
async function writeNew(
  draft: string,
  files: readonly NewFile[],
  used: readonly string[],
  { source: _, limit, ...options }: IngestConfig,
  signal: AbortSignal,
): Promise<{ rows: number; all: boolean }> {
  const raw = join(draft, 'raw');
  for (const [i, file] of files.entries()) {
    const folder = (part: string): string => join(raw, String(i), part);
    for (const part of ['output', 'scratch']) await mkdir(folder(part), { recursive: true });
    await ingest({
      config: { ...options, source: file.path },
      seed: 0,
      inputs: {},
      output: folder('output'),
      scratch: folder('scratch'),
      progress: () => {},
      signal,
    });
  }
  const parts = files.flatMap((_, i) => partsOf(join(raw, String(i), 'output')));
  const counts = await Database.use(draft, async (database) => {
    const without = used.length === 0 ? '' : `ANTI JOIN ${parquetFiles(used)} AS used USING (prompt)`;
    await database.run(
      `CREATE TABLE fresh AS
       SELECT DISTINCT prompt FROM ${parquetFiles(parts)} ${without}
       WHERE prompt IS NOT NULL`,
    );
    const found = await database.number('SELECT count(*) FROM fresh');
    const rows = Math.min(found, limit ?? Infinity);
    if (rows > 0)
      await database.writeParquet(
        `FROM fresh ORDER BY prompt${limit === undefined ? '' : ` LIMIT ${limit}`}`,
        join(draft, 'prompts.parquet'),
      );
    return { rows, all: rows === found };
  });
  await rm(raw, { recursive: true, force: true });
  return counts;
}
