import { Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import { readdir, readFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../common/files.ts';
import { Database, sqlString } from '../../../datasets/tables/database.ts';
import { exportPrompts } from '../../../datasets/tables/export-table.ts';
import { parquetFiles } from '../../../datasets/tables/parquet-files.ts';
import { readSplit } from '../../../datasets/shards/shards.ts';
import { findSources } from '../../../datasets/sources/find-sources.ts';
import { readPrompts, unpacked } from '../../../datasets/sources/read-source.ts';
import { filterPrompts } from '../../../datasets/stages/filter.ts';
import { run as ingest, type IngestConfig } from '../../../datasets/stages/ingest.ts';
import * as shards from '../../../datasets/stages/shard.ts';
import type { StageContext } from '../../../pipeline/stage.ts';
import { hostileNames, manyAtOnce } from '../../fixtures/hostile-names.ts';
import { emptyFolder, fanOut, keepAll } from '../stage-runner.ts';

const prompts = ['a red fox, in snow', 'two dogs on a beach', 'a lighthouse at dusk'];
const rows = prompts.map((prompt, i) => ({ prompt, split: 'other', source: `s${i}`, file_name: `${i}.png` }));

/** A file of each kind that is read, with the same prompts. */
async function kinds(scratch: string): Promise<Record<string, Uint8Array | string>> {
  const lines = prompts.map((prompt) => JSON.stringify({ prompt })).join('\n');
  const csv = `split,prompt\n${prompts.map((prompt) => `x,"${prompt}"`).join('\n')}\n`;
  const [parquet, packed] = [join(scratch, 'rows.parquet'), join(scratch, 'rows.csv.zst')];
  await Database.use(scratch, async (database) => {
    const values = rows.map(({ prompt, split, source }) => `('${split}', '${prompt}', '${source}')`).join(', ');
    const table = `(VALUES ${values}) AS t(split, prompt, source)`;
    await database.writeParquet(`FROM ${table}`, parquet);
    await database.run(`COPY (FROM ${table}) TO ${sqlString(packed)} (FORMAT csv, HEADER, COMPRESSION zstd)`);
  });
  const table = new Table({ prompt: vectorFromArray(prompts, new Utf8()) });
  return {
    txt: prompts.join('\n'),
    csv,
    tsv: `prompt\n${prompts.join('\n')}\n`,
    jsonl: lines,
    json: JSON.stringify(rows),
    parquet: await readFile(parquet),
    arrow: tableToIPC(table, 'file'),
    arrows: tableToIPC(table, 'stream'),
    'txt.gz': gzipSync(prompts.join('\n')),
    'csv.gz': gzipSync(csv),
    'csv.zst': await readFile(packed),
    'jsonl.gz': gzipSync(lines),
    'parquet.gz': gzipSync(await readFile(parquet)),
    'arrow.gz': gzipSync(tableToIPC(table, 'file')),
  };
}

async function readAll(database: Database, source: string, scratch: string): Promise<(string | null)[]> {
  const found: (string | null)[] = [];
  for (const file of (await findSources(source)).files)
    for await (const batch of readPrompts(await unpacked(file, scratch), database, {})) found.push(...batch.prompts);
  return found;
}

let made: Record<string, Uint8Array | string>;
beforeAll(async () => {
  made = await kinds(await emptyFolder());
});

describe.each(hostileNames)('under %j', (name) => {
  it('every kind of file is read as it is under a plain name', async () => {
    const root = await emptyFolder();
    const folder = join(root, name);
    const scratch = join(root, 'scratch', name);
    await mkdir(folder);
    await mkdir(scratch, { recursive: true });
    // What a pattern would find instead.
    for (const decoy of ['1', 'q', 'x', 'a', 'b']) {
      await mkdir(join(root, decoy), { recursive: true });
      await writeFile(join(root, decoy, `${decoy}.txt`), 'wrong');
    }
    await Database.use(scratch, async (database) => {
      for (const [ending, content] of Object.entries(made)) {
        const path = join(folder, `${name}.${ending}`);
        await writeFile(path, content);
        expect([ending, await readAll(database, path, scratch)]).toEqual([ending, prompts]);
      }
      expect(await readAll(database, folder, scratch)).toHaveLength(prompts.length * Object.keys(made).length);
      expect(await readAll(database, join(folder, '*.txt'), scratch)).toEqual(prompts);
      expect(await readAll(database, join(root, '**', `*.tsv`), scratch)).toEqual(prompts);
    });
  });

  it('Parquet files are written, and read by their names alone', async () => {
    const root = await emptyFolder();
    for (const each of [name, '1', 'q']) await mkdir(join(root, each), { recursive: true });
    const query = `SELECT 1 AS prompt, 'real' AS split, 'x' AS source, 'f' AS filename`;
    await Database.use(root, async (database) => {
      const path = join(root, name, `part${name}.parquet`);
      for (const other of ['1', 'q'])
        await database.writeParquet(`SELECT 2 AS prompt`, join(root, other, 'part1.parquet'));
      for (let time = 0; time < 2; time++) await database.writeParquet(query, path); // the second over the first
      expect(await readdir(join(root, name))).toContain(`part${name}.parquet`);
      const expected = [{ prompt: 1, split: 'real', source: 'x', filename: 'f' }];
      expect(await database.rows(`FROM ${parquetFiles(path)}`)).toEqual(expected);
      expect(await database.rows(`FROM ${parquetFiles([path, path])}`)).toEqual([...expected, ...expected]);
      const exported = join(root, name, 'out.parquet');
      await exportPrompts([{ id: '1', prompt: 'a', tokens: 1, source: 's' }], exported);
      expect(await readAll(database, exported, root)).toEqual(['a']);
    });
  });
});

/** Reads, filters and shards below a folder. @returns the digest of the shards, and the dropped prompts */
async function prepare(root: string): Promise<unknown> {
  const folder = async (...names: string[]): Promise<string> => {
    const path = join(root, ...names);
    await mkdir(path, { recursive: true });
    return path;
  };
  const context = async <Config, Input extends string>(
    stage: string,
    config: Config,
    inputs: Record<Input, string>,
  ) => ({
    config,
    seed: 1,
    inputs,
    output: await folder(stage, 'output'),
    scratch: await folder(stage, 'scratch'),
    progress: () => {},
    signal: new AbortController().signal,
  });
  const source = await folder('prompts');
  const many = Array.from({ length: 300 }, (_, i) => `a picture of the thing number ${i} with ${i * 7} parts`);
  await writeFile(join(source, 'a.txt'), [...many, ...many.slice(0, 20), 'a blocked thing'].join('\n'));
  await writeFile(join(source, 'b.parquet'), made['parquet']!);
  await writeFile(join(source, 'block.list'), 'blocked\n');
  const read = await context('ingest', { source }, {});
  await ingest(read as StageContext<IngestConfig>);
  const settings = {
    ...keepAll,
    blockedFiles: [join(source, 'block.list')],
    nearDuplicates: { similarity: 0.9, keep: 1 },
  };
  const filtered = await context('filter', settings, { ingest: read.output });
  await filterPrompts(filtered, 100);
  const shares = { validation: 0.1, test: 0.1, rows: 50 };
  const first = await fanOut(shards, await context('shard', shares as never, { filter: filtered.output }));

  // What was there before is extended.
  await writeFile(join(source, 'a.txt'), ['one more thing that is new', ...many].join('\n'));
  const again = await context('ingest-2', { source }, {});
  await ingest(again as StageContext<IngestConfig>);
  const more = await context('filter-2', { ...settings, extends: first }, { ingest: again.output });
  await filterPrompts(more, 100);
  const text = async (...names: string[]) => JSON.parse(await readFile(join(...names), 'utf8')) as unknown;
  return canonicalJson([
    await text(filtered.output, 'summary.json'),
    await text(first, 'manifest.json'),
    await readSplit(first, 'validation'),
    await text(more.output, 'summary.json'),
  ]);
}

it('prompts are read, filtered, split and extended under many such folders at once as under a plain one', async () => {
  const plain = await prepare(await emptyFolder());
  const odd = join(await emptyFolder(), ...manyAtOnce);
  await mkdir(odd, { recursive: true });
  expect(await prepare(odd)).toBe(plain);
});
