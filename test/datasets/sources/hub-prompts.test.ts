import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { InputError } from '../../../common/errors.ts';
import { Database } from '../../../datasets/tables/database.ts';
import { downloadPrompts } from '../../../datasets/sources/hub.ts';
import type { IngestSummary } from '../../../datasets/tables/ingested.ts';
import { startHub } from '../../fixtures/hub-server.ts';
import { emptyFolder, ingest } from '../stage-runner.ts';

async function parquet(query: string): Promise<Buffer> {
  const path = join(await emptyFolder(), 'a.parquet');
  await Database.use(await emptyFolder(), (database) => database.writeParquet(query, path));
  return readFile(path);
}

it('prompts of a data set on a hub come from its Parquet files, or from the named files', async () => {
  const part = (i: number) => parquet(`SELECT 'prompt ' || (i + ${i * 10}) AS prompt FROM range(5) t(i)`);
  const files = {
    'README.md': '# x',
    'data/train-0.parquet': await part(0),
    'data/train-1.parquet': await part(1),
    'data/test-0.parquet': await part(2),
    'more/list.csv.gz': 'x',
  };
  await using hub = await startHub({ 'datasets/o/prompts': { files } });
  const options = { cache: await emptyFolder(), endpoint: hub.endpoint };
  const summary = async (source: string): Promise<IngestSummary> => {
    const folder = await ingest({ source: await downloadPrompts(source, options) });
    return JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8')) as IngestSummary;
  };
  const test = await summary('hf://datasets/o/prompts/data/test-0.parquet');
  expect(test.files).toEqual([{ name: 'test-0.parquet', rows: 5, malformed: 0, blank: 0 }]);
  const train = await summary('hf://datasets/o/prompts@main/data/train-*.parquet');
  expect(train.files.map(({ name, rows }) => [name, rows])).toEqual([
    ['train-0.parquet', 5],
    ['train-1.parquet', 5],
  ]);
  expect(await summary('hf://datasets/o/prompts')).toMatchObject({ rows: 15, malformed: 0 });
  expect(hub.requests.filter((request) => request.includes('csv'))).toEqual([]);

  await expect(downloadPrompts('hf://datasets/o/prompts/none.csv', options)).rejects.toThrow(
    /^hf:\/\/datasets\/o\/prompts\/none\.csv: no such file; the data set has README\.md, data\/train-0/,
  );
});

it('a data set without Parquet gives its best other files, and one without any is refused', async () => {
  const lists = { 'a.txt': 'no', 'b.jsonl': '{"prompt":"yes"}\n', 'c/d.jsonl': '{"prompt":"too"}\n' };
  await using hub = await startHub({ 'datasets/o/lists': { files: lists }, 'datasets/o/none': { files: { a: 'x' } } });
  const options = { cache: await emptyFolder(), endpoint: hub.endpoint };
  const path = await downloadPrompts('hf://datasets/o/lists', options);
  expect(path).toMatch(/\/\*\*\/\*\.jsonl\{,\.gz,\.zst\}$/);
  const folder = await ingest({ source: path });
  expect(JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8'))).toMatchObject({ rows: 2 });
  await expect(downloadPrompts('hf://datasets/o/none', options)).rejects.toThrow(/no prompt files/);
  for (const source of ['hf://models/o/x', 'hf://datasets/o', 'hf://datasets/o/x@../y']) {
    await expect(downloadPrompts(source, options), source).rejects.toThrow(InputError);
  }
});
