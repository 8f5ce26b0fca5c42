import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readBenchmark } from '../../../datasets/rules/benchmarks.ts';
import { knownWorld } from '../../../world/known/known-worlds.ts';

const folder = mkdtempSync(join(tmpdir(), 'textcraftor-benchmarks-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('a benchmark', () => {
  it.each([
    ['shapes', 264],
    ['gallery', 270],
  ] as const)("is a world's held-out combinations, each in two phrasings: %s", async (source, combinations) => {
    const prompts = await readBenchmark({ name: 'world', source }, folder);
    expect(prompts).toHaveLength(2 * combinations);
    expect(new Set(prompts.map(({ id }) => id)).size).toBe(2 * combinations);
    const world = knownWorld(source);
    const training = new Set(world.prompts().flatMap(({ prompt, split }) => (split === 'train' ? [prompt] : [])));
    for (const { prompt, groups } of prompts) {
      expect(world.knows(prompt)).toBe(true);
      expect(training.has(prompt)).toBe(false);
      expect(['circle', 'square', 'triangle', 'cross']).toContain(groups['category']);
    }
    expect(prompts.filter(({ groups }) => groups['challenge'] === 'rephrased')).toHaveLength(combinations);
  });

  it("has Parti-Prompts' columns", async () => {
    const source = file(
      'parti.tsv',
      'Prompt\tCategory\tChallenge\tNote\na "red" cube\tAbstract\tBasic\t\n bond\tArts\tImagination\tx\n',
    );
    const prompts = await readBenchmark({ name: 'parti', source, categoryColumns: ['Category', 'Challenge'] }, folder);
    expect(prompts.map(({ prompt, groups }) => ({ prompt, groups }))).toEqual([
      { prompt: 'a "red" cube', groups: { Category: 'Abstract', Challenge: 'Basic' } },
      { prompt: 'bond', groups: { Category: 'Arts', Challenge: 'Imagination' } },
    ]);
  });

  it("splits a folder by its files, HPSv2's styles", async () => {
    mkdirSync(join(folder, 'hps'));
    file('hps/anime.json', '["a cat", "a dog"]');
    file('hps/photo.json', '["a cat", "a street"]');
    const prompts = await readBenchmark({ name: 'hps', source: join(folder, 'hps') }, folder);
    expect(prompts.map(({ prompt, groups }) => [prompt, groups['style']])).toEqual([
      ['a cat', 'anime'],
      ['a dog', 'anime'],
      ['a street', 'photo'],
    ]);
  });

  it('takes the first prompts of a plain list', async () => {
    const source = file('list.txt', 'one\n\nTwo\ntwo\nthree\n');
    const prompts = await readBenchmark({ name: 'list', source, limit: 2 }, folder);
    expect(prompts.map(({ prompt }) => prompt)).toEqual(['one', 'Two']);
    await expect(readBenchmark({ name: 'x', source, categoryColumns: ['style'] }, folder)).resolves.toBeDefined();
  });

  it('names a missing column', async () => {
    const source = file('other.csv', 'prompt,kind\na,b\n');
    await expect(readBenchmark({ name: 'x', source, categoryColumns: ['style'] }, folder)).rejects.toThrow(
      'no column "style"; the columns are "prompt", "kind"',
    );
  });
});
