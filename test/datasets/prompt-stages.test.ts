import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CancelledError, InputError } from '../../common/errors.ts';
import { RandomStream } from '../../common/random.ts';
import { readPromptCard } from '../../datasets/tables/dataset-card.ts';
import { sha256File } from '../../common/files.ts';
import { generateRow } from '../../bench/prompts/generate.ts';
import { Database, sqlString, type Row } from '../../datasets/tables/database.ts';
import { droppedRows, keptPrompts } from '../../datasets/tables/filtered.ts';
import { readManifest } from '../../datasets/shards/shard-manifest.ts';
import { readSplit } from '../../datasets/shards/shards.ts';
import { knownWorld } from '../../world/known/known-worlds.ts';
import { WORLD_NAMES } from '../../world/scenes/common/world-names.ts';
import { promptId, splitOf, splits, type Split } from '../../datasets/shards/split.ts';
import { run as runFilter, type FilterConfig, type FilterSummary } from '../../datasets/stages/filter.ts';
import type { Progress } from '../../pipeline/stage.ts';
import { emptyFolder, filter, ingest, keepAll, shard, write } from './stage-runner.ts';

const summary = async (folder: string): Promise<FilterSummary> =>
  JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8')) as FilterSummary;

const rows = async (path: string): Promise<Row[]> =>
  Database.use(await emptyFolder(), (database) => database.rows(`FROM read_parquet(${sqlString(path)})`));

const shares = { validation: 0.1, test: 0.2 };
/** A few hundred prompts, some of them twice. */
const texts = Array.from({ length: 600 }, (_, i) => `a photo of cat ${i % 500}${i % 3 === 0 ? ' AND dog' : ''}`);
/** A file of them, in its own order. */
function manyPrompts(order: number): Promise<string> {
  const shuffled = [...new RandomStream(order, 'test').permutation(600)].map((i) => texts[i]!);
  const lines = shuffled.map((text) => JSON.stringify({ prompt: order % 2 ? text : `  ${text} ` }));
  return write({ 'a.jsonl': lines.join('\n') });
}

describe('ingest', () => {
  it('keeps every prompt unchanged, with its position', async () => {
    const source = dirname(await write({ 'a.csv': 'prompt\n"x\ny"\n\nz\n', 'b.txt': 'b\n\n', 'readme.md': '' }));
    const folder = await ingest({ source });
    expect(await rows(join(folder, 'rows-00000.parquet'))).toEqual([
      { source: 'a.csv', row: 2, prompt: 'x\ny', split: null },
      { source: 'a.csv', row: 4, prompt: '', split: null },
      { source: 'a.csv', row: 5, prompt: 'z', split: null },
      { source: 'b.txt', row: 1, prompt: 'b', split: null },
      { source: 'b.txt', row: 2, prompt: '', split: null },
    ]);
    expect(await summary(folder)).toEqual({
      rows: 5,
      malformed: 0,
      samples: [],
      files: [
        { name: 'a.csv', rows: 3, malformed: 0, blank: 0 },
        { name: 'b.txt', rows: 2, malformed: 0, blank: 0 },
      ],
      ignored: { files: 1, first: ['readme.md'] },
    });
  });

  it('stops at its limit', async () => {
    const folder = await ingest({
      source: dirname(await write({ 'a.txt': 'a\n'.repeat(3000), 'b.txt': 'b' })),
      limit: 2500,
    });
    expect(await summary(folder)).toMatchObject({ rows: 2500, files: [{ name: 'a.txt', rows: 2500 }] });
  });

  it('says how many bytes of the files and how many rows it has read', async () => {
    const files = {
      'a.txt': 'a line\n'.repeat(300_000),
      'b.csv.gz': gzipSync(`prompt\n${'b\n'.repeat(5000)}`),
      'c.json': '["c"]',
    };
    const total = Object.values(files).reduce((sum, { length }) => sum + length, 0);
    const told: Progress[] = [];
    await ingest({ source: dirname(await write(files)) }, (progress) => told.push(progress));
    const steps = told.map(({ step }) => step);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    // In the middle of the first file, and never beyond its end.
    expect(told[0]).toMatchObject({ step: 1 << 20, total, message: 'bytes' });
    expect(told.find(({ step }) => step === files['a.txt'].length)!.metrics).toEqual({ rows: expect.any(Number) });
    expect(told.at(-1)).toEqual({ step: total, total, message: 'bytes', metrics: { rows: 305_001 } });
  });

  it.each(WORLD_NAMES)("takes an embedded world's prompts with their splits: %s", async (world) => {
    const shards = await shard(await filter(await ingest({ source: world })), { rows: 1000, ...shares });
    const expected = knownWorld(world).prompts();
    for (const split of splits) {
      const prompts = (await readSplit(shards, split)).map((row) => row.prompt);
      expect(prompts.sort()).toEqual(
        expected
          .filter((row) => row.split === split)
          .map((row) => row.prompt)
          .sort(),
      );
    }
  });

  it('refuses files without a prompt', async () => {
    await expect(ingest({ source: await write({ 'a.csv': 'prompt\n' }) })).rejects.toThrow(
      /a\.csv: contains no prompts/,
    );
  });
});

describe('filter', () => {
  it('counts every prompt once: kept or dropped for a reason', async () => {
    const unit = fc.constantFrom('a red circle', 'A red  circle', '', ' ', 'x', 'gun', 'y '.repeat(90), 'z'.repeat(30));
    await fc.assert(
      fc.asyncProperty(fc.array(unit, { minLength: 1, maxLength: 30 }), async (lines) => {
        const source = await write({ 'a.jsonl': lines.map((prompt) => JSON.stringify({ prompt })).join('\n') });
        const ingested = await ingest({ source });
        const settings = { minCharacters: 2, maxCharacters: 200, blocked: ['gun'], overlong: 'drop' } as const;
        const good = lines.some((line) => /circle|zz/.test(line));
        if (!good) {
          await expect(filter(ingested, settings)).rejects.toThrow(/None of the \d+ prompts passes the filter \(/);
          return;
        }
        const { read, kept, dropped, samples } = await summary(await filter(ingested, settings));
        const count = (test: (line: string) => boolean): number => lines.filter(test).length;
        const good2 = new Set(
          lines.filter((line) => /circle|zz/.test(line)).map((line) => line.toLowerCase().replace('  ', ' ')),
        );
        expect(read).toBe(lines.length);
        expect(kept).toBe(good2.size);
        expect(dropped).toMatchObject({
          empty: count((line) => line.trim() === ''),
          'too-short': count((line) => line === 'x'),
          'too-long': 0,
          blocked: count((line) => line === 'gun'),
          'too-many-tokens': count((line) => line.startsWith('y')),
          duplicate: count((line) => /circle|zz/.test(line)) - good2.size,
        });
        expect(read).toBe(kept + Object.values(dropped).reduce((sum, each) => sum + each));
        for (const [reason, number] of Object.entries(dropped)) {
          expect(samples[reason as keyof typeof samples]).toHaveLength(Math.min(number, 5));
        }
      }),
      { numRuns: 10 },
    );
  });

  it('skips a file without rows', async () => {
    const folder = await emptyFolder();
    await Database.use(await emptyFolder(), async (database) => {
      await database.writeParquet("SELECT 'a red circle' AS prompt WHERE false", join(folder, 'a.parquet'));
      await database.writeParquet("SELECT 'a red circle' AS prompt", join(folder, 'b.parquet'));
    });
    expect(await summary(await filter(await ingest({ source: folder })))).toMatchObject({ read: 1, kept: 1 });
  });

  it('keeps prompts that the text model will truncate, and counts them', async () => {
    const folder = await filter(await ingest({ source: await write({ 'a.txt': `${'y '.repeat(90)}\nshort` }) }));
    expect(await summary(folder)).toMatchObject({ read: 2, kept: 2, truncated: 1, dropped: { 'too-many-tokens': 0 } });
    expect(await rows(join(folder, 'prompts-00000.parquet'))).toContainEqual(
      expect.objectContaining({ prompt: 'y '.repeat(90).trim(), tokens: 92, source: 'a.txt', row: 1 }),
    );
  });

  it('stops when the run is cancelled', async () => {
    const ingested = await ingest({ source: await write({ 'a.txt': 'a' }) });
    const cancelled = runFilter({
      config: keepAll,
      seed: 1,
      inputs: { ingest: ingested },
      output: await emptyFolder(),
      scratch: await emptyFolder(),
      progress: () => {},
      signal: AbortSignal.abort(),
    });
    await expect(cancelled).rejects.toThrow(CancelledError);
  });
});

describe('the card of a filter', () => {
  it('counts every kept prompt by its length and its file, and copies by how many there were', async () => {
    const files = {
      'a.txt': ['one cat', 'ONE cat', 'x '.repeat(90), 'two', 'two', 'two ', 'two'].join('\n'),
      'b.txt': 'b',
    };
    const folder = await filter(await ingest({ source: dirname(await write(files)) }));
    const { kept } = await summary(folder);
    const card = (await readPromptCard(folder))!;
    expect(kept).toBe(4);
    for (const bins of [card.tokens, card.characters])
      expect(bins.reduce((sum, { prompts }) => sum + prompts, 0)).toBe(4);
    expect(card.tokens.at(-1)).toEqual({ label: '80 and more', prompts: 1 });
    expect(card.characters[0]).toEqual({ label: '0 to 24', prompts: 3 });
    expect(card.copies).toEqual([
      { label: '2', prompts: 1 },
      { label: '3 to 4', prompts: 1 },
    ]);
    expect(card.sources).toEqual([
      { name: 'a.txt', kept: 3 },
      { name: 'b.txt', kept: 1 },
    ]);
    expect(card.otherSources).toEqual({ files: 0, kept: 0 });
    expect(card.read).toEqual({ files: 2, ignored: 0, malformed: 0, samples: [] });
  });
});

describe('shard', () => {
  it('gives the same bytes whatever the order and the white space of the prompts', async () => {
    const manifests = await Promise.all(
      [1, 2].map(async (order) => {
        const folder = await shard(await filter(await ingest({ source: await manyPrompts(order) })), {
          rows: 100,
          ...shares,
        });
        expect((await readdir(folder)).length).toBeGreaterThan(5);
        return readManifest(folder);
      }),
    );
    expect(manifests[0]).toEqual(manifests[1]);
  });

  it('puts each prompt once into the split of its hash, in shards of equal size', async () => {
    const folder = await shard(await filter(await ingest({ source: await manyPrompts(3) })), { rows: 50, ...shares });
    const manifest = await readManifest(folder);
    const all = [];
    for (const split of splits) {
      const { rows, shards } = manifest.splits[split];
      const sizes = shards.map((each) => each.rows);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(50);
      const prompts = await readSplit(folder, split);
      expect(prompts).toHaveLength(rows);
      for (const { id, prompt, tokens, source } of prompts) {
        expect(id).toBe(promptId(prompt));
        expect(splitOf(id, shares)).toBe(split);
        expect([typeof tokens, source]).toEqual(['number', 'a.jsonl']);
      }
      all.push(...prompts.map(({ id }) => id));
    }
    expect(all).toHaveLength(new Set(texts).size);
    expect(new Set(all).size).toBe(all.length);
  });

  it('refuses fewer prompts than its splits need', async () => {
    const filtered = await filter(await ingest({ source: await write({ 'a.txt': 'one\ntwo' }) }));
    await expect(shard(filtered, { rows: 10, ...shares })).rejects.toThrow(InputError);
    await expect(shard(filtered, { rows: 10, ...shares })).rejects.toThrow(
      /None of the 2 prompts falls into the \w+ split/,
    );
    await shard(filtered, { rows: 10, validation: 0, test: 0 });
  });
});

describe('a corpus with duplicates of every kind', () => {
  const corpus = Array.from({ length: 3000 }, (_, row) => generateRow(5, row));
  const benchmark = ['a shiba inu wearing a beret and black turtleneck', 'bond'];
  const leaked = [
    ...benchmark,
    `${benchmark[0]}, 8k`,
    'Bond, highly detailed',
    'a shiba inu wearing a hat and black turtleneck',
  ];
  const lines = [
    ...corpus.map(({ prompt }) => prompt),
    ...leaked,
    'a cat (sharp:1.2) --ar 16:9',
    'кошка на крыше',
    'nude study',
  ];
  const rules = {
    nearDuplicates: { similarity: 0.65, keep: 1 },
    weights: 'strip',
    flags: 'drop',
    scripts: ['Latin'],
    nsfw: 'drop',
  } as const;

  /** The corpus in files of its own order, filtered. */
  async function filtered(order: number, files: number, config: Partial<FilterConfig> = {}): Promise<string> {
    const shuffled = [...new RandomStream(order, 'test').permutation(lines.length)].map((i) => lines[i]!);
    const parts = Array.from({ length: files }, (_, i) => [
      `part-${i}.jsonl`,
      shuffled
        .filter((_, at) => at % files === i)
        .map((prompt) => JSON.stringify({ prompt }))
        .join('\n'),
    ]);
    const source = dirname(await write(Object.fromEntries(parts) as Record<string, string>));
    const set = await write({ 'bench.txt': benchmark.join('\n') });
    return filter(await ingest({ source }), { ...rules, benchmarks: [{ name: 'own', source: set }], ...config });
  }

  it('adds up to the last row, and says why each prompt was dropped', async () => {
    const folder = await filtered(1, 1);
    const { read, kept, dropped, samples } = await summary(folder);
    expect(read).toBe(lines.length);
    expect(read).toBe(kept + Object.values(dropped).reduce((sum, each) => sum + each));
    expect(dropped).toMatchObject({ benchmark: leaked.length, flags: 1, script: 1, nsfw: 1 });
    expect(dropped.duplicate).toBeGreaterThan(300);
    expect(dropped['near-duplicate']).toBeGreaterThan(200);
    expect(samples.benchmark).toHaveLength(leaked.length);

    const keptRows = await rowsOf(keptPrompts(folder));
    const droppedFor = await rowsOf(droppedRows(folder));
    expect(new Set([...keptRows, ...droppedFor].map(({ row }) => row)).size).toBe(read);
    const ids = new Set(keptRows.map(({ id }) => id));
    const standing = droppedFor.filter(({ reason }) => reason === 'near-duplicate');
    for (const { of } of standing) expect(ids.has(of)).toBe(true);
    expect(keptRows.map(({ prompt }) => String(prompt)).filter((prompt) => /shiba|^bond/i.test(prompt))).toEqual([]);
  });

  it('gives the same shards whatever the order of the rows', async () => {
    const [a, b] = await Promise.all(
      [1, 2].map(async (order) => shard(await filtered(order, 1), { rows: 500, validation: 0.1, test: 0.1 })),
    );
    expect(await readManifest(a!)).toEqual(await readManifest(b!));
  });

  it('keeps some of each cluster if configured, on one side of the splits', async () => {
    const folder = await filtered(1, 1, { nearDuplicates: { similarity: 0.65, keep: 3 } });
    const one = await summary(await filtered(1, 1));
    expect((await summary(folder)).kept).toBeGreaterThan(one.kept + 50);
    const sharded = await shard(folder, { rows: 5000, validation: 0.3, test: 0.3 });
    const side = new Map<string, Split>();
    for (const split of splits) for (const { id } of await readSplit(sharded, split)) side.set(id, split);
    const kept = await rowsOf(keptPrompts(folder));
    const clusters = new Map<unknown, Row[]>();
    for (const row of kept) {
      const cluster = row['cluster'] ?? row['id'];
      clusters.set(cluster, [...(clusters.get(cluster) ?? []), row]);
    }
    for (const members of clusters.values()) {
      expect(members.length).toBeLessThanOrEqual(3);
      expect(new Set(members.map(({ id }) => side.get(String(id)))).size).toBe(1);
    }
  });

  it('is extended by new prompts: old shards and sides stay as they are', async () => {
    const shape = { rows: 300, validation: 0.1, test: 0.1 };
    const old = await shard(await filtered(1, 1), shape);
    const first = await readSplit(old, 'train', 1);
    const more = await write({
      'more.jsonl': [
        ...lines,
        ...Array.from({ length: 900 }, (_, row) => generateRow(6, row).prompt),
        `${first[0]!.prompt}, 8k`,
      ]
        .map((prompt) => JSON.stringify({ prompt }))
        .join('\n'),
    });
    const set = await write({ 'bench.txt': benchmark.join('\n') });
    const config = { ...rules, benchmarks: [{ name: 'own', source: set }], extends: old };
    const folder = await filter(await ingest({ source: more }), config);
    expect((await summary(folder)).dropped.known).toBeGreaterThan(1500);
    const extended = await shard(folder, { ...shape, extends: old });
    const [before, after] = [await readManifest(old), await readManifest(extended)];
    expect(after.extends).toBe(before.content);
    for (const split of splits) {
      const [shards, kept] = [after.splits[split].shards, before.splits[split].shards];
      expect(shards.slice(0, kept.length)).toEqual(kept);
      for (const { file, sha256 } of shards) expect(await sha256File(join(extended, file)), file).toBe(sha256);
    }
    expect(after.splits.train.shards.length).toBeGreaterThan(before.splits.train.shards.length);
    const all = (await Promise.all(splits.map((split) => readSplit(extended, split)))).flat();
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect(all.map(({ prompt }) => prompt)).not.toContain(`${first[0]!.prompt}, 8k`);
  });
});

/** Returns all rows of an SQL query. */
async function rowsOf(from: string): Promise<Row[]> {
  return Database.use(await emptyFolder(), (database) => database.rows(`FROM ${from}`));
}
