import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { readConfiguration } from '../../api/configuration.ts';
import { onNotice } from '../../common/notices.ts';
import type { Config } from '../../pipeline/config/config.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { checkout } from '../../pipeline/config/config-file.ts';

let folder: string;
let file: string;
const said: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'configuration-'));
  file = join(folder, 'my.yaml');
  const tiny = await readFile(join(checkout, 'configs/shapes.yaml'), 'utf8');
  const own = 'prompts: { source: old.parquet, column: raw.text, split: train, encoding: utf-16le, limit: 5 }';
  const changed = tiny.replace(/^prompts:.*\n(?: .*\n)*/m, `${own}\n`);
  await writeFile(file, changed);
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => onNotice((line) => said.push(line)));
afterEach(() => {
  onNotice(undefined);
  said.length = 0;
});

const read = async (prompts: string | undefined, ...set: string[]) => {
  const options = { file, prompts, set, folder, hub: { cache: folder } };
  return ((await readConfiguration(new Home(folder), options)).settings as Config).prompts;
};

it('prompts in place of the configured ones are not read as those were, which is said', async () => {
  expect(await read('x.txt')).toEqual({ source: join(folder, 'x.txt'), limit: 5 });
  const left = (setting: string) =>
    `${file}: ${setting} describes another source than --prompts, and is left out; --set ${setting} keeps it.`;
  expect(said).toEqual(['prompts.column=raw.text', 'prompts.split=train', 'prompts.encoding=utf-16le'].map(left));
});

it('what --set says about them is kept', async () => {
  expect(await read('x.csv', 'prompts.column=caption')).toEqual({
    source: join(folder, 'x.csv'),
    limit: 5,
    column: 'caption',
  });
});

it('the same prompts, or none, leave all as it is', async () => {
  const all = {
    source: join(folder, 'old.parquet'),
    column: 'raw.text',
    split: 'train',
    encoding: 'utf-16le',
    limit: 5,
  };
  expect(await read('old.parquet')).toEqual(all);
  expect(await read(undefined)).toEqual(all);
  expect(said).toEqual([]);
});
