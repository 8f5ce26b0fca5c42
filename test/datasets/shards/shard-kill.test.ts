import { DuckDBInstance } from '@duckdb/node-api';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { generateRow } from '../../../bench/prompts/generate.ts';
import { RandomStream } from '../../../common/random.ts';
import type { FaultPoint } from '../../../common/fault-points.ts';
import { Database } from '../../../datasets/tables/database.ts';
import { RowWriter } from '../../../datasets/tables/prompt-rows.ts';
import { filterPrompts } from '../../../datasets/stages/filter.ts';
import { Home } from '../../../pipeline/runs/home.ts';
import type { Artifact } from '../../../pipeline/stage.ts';
import { ArtifactStore } from '../../../pipeline/store/artifact-store.ts';
import { emptyFolder, keepAll, shard } from '../stage-runner.ts';

const rules = { ...keepAll, nearDuplicates: { similarity: 0.65, keep: 1 } };
const shape = { rows: 100, validation: 0.1, test: 0.1 };
const sources = ['a.csv', 'b.csv', 'c.csv', 'd.csv'];
const rowsOfEach = 500;

/**
 * Returns the filtered corpus of four files, read in a given order.
 * @param threads of DuckDB
 * @param bucketRows prompts compared at a time
 */
async function filtered(order: number, threads: number, bucketRows: number): Promise<string> {
  const create = DuckDBInstance.create.bind(DuckDBInstance);
  const spy = vi.spyOn(DuckDBInstance, 'create');
  spy.mockImplementation((path, options) => create(path, { ...options, threads: String(threads) }));
  const [ingest, output, scratch] = [await emptyFolder(), await emptyFolder(), await emptyFolder()];
  await Database.use(scratch, async (database) => {
    expect(await database.number("SELECT current_setting('threads')")).toBe(threads);
    const writer = new RowWriter(database, ingest);
    for (const file of new RandomStream(order, 'test').permutation(sources.length)) {
      const rows = Array.from({ length: rowsOfEach }, (_, i) => i + 1);
      await writer.append({
        sources: rows.map(() => sources[file]!),
        rows,
        prompts: rows.map((row) => generateRow(4, file * rowsOfEach + row).prompt),
        splits: rows.map(() => null),
      });
      if (order % 2 === 0) await writer.flush();
    }
    await writer.flush();
  });
  const files = sources.map((name) => ({ name, rows: rowsOfEach, malformed: 0, blank: 0 }));
  const summary = { rows: 4 * rowsOfEach, malformed: 0, samples: [], files, ignored: { files: 0, first: [] } };
  await writeFile(join(ingest, 'summary.json'), JSON.stringify(summary));
  const ties = { seed: order, scratch, progress: () => {}, signal: new AbortController().signal };
  await filterPrompts({ ...ties, config: rules, inputs: { ingest }, output }, bucketRows);
  spy.mockRestore();
  return output;
}

interface Made {
  artifact: Artifact;
  total: number;
  reused: number;
}

/** A home whose store holds a filter's artifact, and workers that make shards of it. */
async function setUp(filter: string) {
  const home = await emptyFolder();
  const copy = join(home, 'filter');
  await cp(filter, copy, { recursive: true });
  const artifact = await new ArtifactStore(new Home(home).artifacts).commit(copy);
  const input = { artifact, key: 'k', reused: false, run: 'run-1', seconds: 1 };
  const config = { source: 'none', filter: {}, shard: shape };
  const child = fileURLToPath(new URL('shard-child.ts', import.meta.url));
  let faults = 0;
  /** @returns its output, or undefined when it was killed */
  const work = async (
    fanOut: { lanes: number; batch: number },
    killed: { at?: `${FaultPoint} ${number}` } = {},
  ): Promise<Made | undefined> => {
    const [point, time] = killed.at?.split(' ') ?? [];
    const fault = point && { point, time: Number(time), marker: join(home, `killed-${faults++}`) };
    const given = JSON.stringify({ home, config, ...fanOut, input, ...(fault ? { fault } : {}) });
    const worker = spawn(process.execPath, ['--import', 'tsx', child, given], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void worker.kill('SIGKILL')); // it has already ended if all went well
    let printed = '';
    worker.stdout.on('data', (data: Buffer) => (printed += data.toString()));
    const closed = once(worker, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    const [code, signal] = await closed;
    if (signal === 'SIGKILL') return undefined;
    expect(code).toBe(0);
    return JSON.parse(printed) as Made;
  };
  return { work };
}

/** All files of a folder with their bytes. */
async function bytesOf(folder: string): Promise<Map<string, Buffer>> {
  const names = (await readdir(folder)).sort();
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)));
}

describe('the shards of a corpus', () => {
  let expected: Map<string, Buffer>;
  let other: string;
  beforeAll(async () => {
    expected = await bytesOf(await shard(await filtered(1, 1, 1e6), shape));
    other = await filtered(2, 4, 500);
  });

  it('are the same bytes for files in another order, other threads, other buckets and another seed', async () => {
    expect(expected.size).toBeGreaterThan(12);
    expect(await bytesOf(await shard(other, shape))).toEqual(expected);
  });

  it('are the same bytes for any window and batch, and after kills between and within shards', async () => {
    const { work } = await setUp(other);
    // The list of the shards is the first artifact.
    expect(await work({ lanes: 2, batch: 1 }, { at: 'artifact-committed 4' })).toBeUndefined();
    expect(await work({ lanes: 1, batch: 3 }, { at: 'result-saved 2' })).toBeUndefined();
    expect(await work({ lanes: 1, batch: 16 }, { at: 'shard-written 3' })).toBeUndefined();
    const made = (await work({ lanes: 3, batch: 2 }))!;
    expect(made.reused).toBeGreaterThanOrEqual(4);
    expect(made.reused).toBeLessThan(made.total);
    expect(await bytesOf(fileURLToPath(made.artifact.uri))).toEqual(expected);
  });
});
