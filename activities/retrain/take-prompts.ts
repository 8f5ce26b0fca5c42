import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Database } from '../../datasets/tables/database.ts';
import { parquetFiles } from '../../datasets/tables/parquet-files.ts';
import { partsOf } from '../../datasets/tables/prompt-rows.ts';
import type { IngestConfig } from '../../datasets/stages/ingest.ts';
import { ExternalDigests } from '../../pipeline/keys/external-inputs.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { withLock } from '../../pipeline/runs/lock.ts';
import { Schedules, PROMPTS_FILE } from '../../registry/schedules/schedules.ts';
import type { Batch, BatchOwner, Look } from '../../registry/schedules/schedule-files.ts';
import { newFiles, readArrived, readStill } from './arrived-files.ts';

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

/**
 * Takes the prompts that no batch of the schedule has: those of new files, and the new ones of files that have grown.
 * Called again for the same owner, it returns the same batch.
 *
 * @param owner the workflow execution that takes the batch
 * @param isOpen whether an owner's workflow still runs; batches of ended owners are given back
 * @param readFile reads a file that arrived
 * @returns null when there is nothing new, or not enough yet
 */
export async function takePrompts(
  home: Home,
  { schedule: name, partition }: TakeTask,
  owner: BatchOwner,
  isOpen: (owner: BatchOwner) => Promise<boolean>,
  signal: AbortSignal,
  readFile: typeof readArrived = readArrived,
): Promise<TakenBatch | null> {
  const schedules = new Schedules(home);
  const { config, minimumPrompts } = await schedules.recorded(name);
  const { prompts } = config as { prompts: IngestConfig };
  const nothing = async (result: Look['result'], rows = 0): Promise<null> => {
    await schedules.saveLook(name, { result, rows });
    return null;
  };
  return withLock(schedules.folder(name), async () => {
    const batches = await keptBatches(schedules, name, isOpen);
    const own = batches.find(
      (batch) => batch.owner.workflowId === owner.workflowId && batch.owner.runId === owner.runId,
    );
    if (own) return own.rows === 0 ? null : { number: own.number, rows: own.rows };

    const known = new Set(batches.flatMap(({ files }) => files.map(({ digest }) => digest)));
    const digests = new ExternalDigests(home.externalDigests);
    const found = await newFiles(digests, prompts.source, partition, known);
    if (found.length === 0) return nothing('no-new-files');
    const draft = await schedules.draft(name);
    const raw = join(draft, 'raw');
    const read = await readStill(digests, found, raw, (file, folder) => readFile(file, folder, prompts, signal));
    if (read.length === 0) {
      await rm(draft, { recursive: true, force: true });
      return nothing('still-arriving');
    }
    const folders = read.map(({ folder }) => folder);
    const used: string[] = [];
    for (const batch of batches) if (batch.rows > 0) used.push(await schedules.prompts(name, batch));
    const { rows, all } = await writeNew(draft, folders, used, prompts.limit);
    await rm(raw, { recursive: true, force: true });
    if (rows < minimumPrompts && rows > 0) {
      await rm(draft, { recursive: true, force: true });
      return nothing('too-few', rows);
    }
    const number = (batches.at(-1)?.number ?? 0) + 1;
    const batch: Batch = {
      number,
      status: rows === 0 ? 'used' : 'taken',
      owner,
      takenAt: new Date().toISOString(),
      rows,
      files: all ? read.map(({ file: { name, digest } }) => ({ name, digest })) : [],
      ...(partition === undefined ? {} : { partition }),
    };
    await schedules.commit(name, draft, batch);
    if (rows === 0) return nothing('no-new-prompts');
    await schedules.forgetLook(name);
    return { number, rows };
  });
}

/** Removes the batches of retrainings that ended without giving them back. */
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

/** Writes the batch's prompts: each prompt once, sorted by text. @returns whether it holds all prompts */
async function writeNew(
  draft: string,
  folders: readonly string[],
  used: readonly string[],
  limit: number | undefined,
): Promise<{ rows: number; all: boolean }> {
  const parts = folders.flatMap((folder) => partsOf(join(folder, 'output')));
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
        join(draft, PROMPTS_FILE),
      );
    return { rows, all: rows === found };
  });
  return counts;
}
