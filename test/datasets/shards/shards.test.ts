import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { InputError, RunError } from '../../../common/errors.ts';
import { keyedPermutation } from '../../../datasets/shards/permutation.ts';
import { PromptStream } from '../../../datasets/shards/prompt-stream.ts';
import { readSplit } from '../../../datasets/shards/shards.ts';
import { emptyFolder, filter, ingest, shard, write } from '../stage-runner.ts';

let folder: string;
const config = { rows: 40, validation: 0.2, test: 0 };
beforeAll(async () => {
  const source = await write({ 'a.txt': Array.from({ length: 200 }, (_, i) => `prompt ${i} é`).join('\n') });
  folder = await shard(await filter(await ingest({ source })), config);
});

describe('keyedPermutation', () => {
  it('has every position once, for any length and key', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), fc.nat(), fc.nat(), (n, seed, epoch) => {
        const at = keyedPermutation(n, [seed, epoch]);
        expect(Array.from({ length: n }, (_, i) => at(i)).sort((a, b) => a - b)).toEqual(
          Array.from({ length: n }, (_, i) => i),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('looks random: no position keeps its neighbors, and positions spread evenly', () => {
    const n = 10_000_000;
    const at = keyedPermutation(n, [1, 2]);
    const first = Array.from({ length: 20_000 }, (_, i) => at(i));
    const near = first.slice(1).filter((place, i) => Math.abs(place - first[i]!) < 1000).length;
    expect(near).toBeLessThan(20);
    const tenths = new Array<number>(10).fill(0);
    for (const place of first) tenths[Math.floor((place / n) * 10)]!++;
    for (const count of tenths) expect(Math.abs(count - 2000)).toBeLessThan(4 * Math.sqrt(2000));
  });
});

describe('PromptStream', () => {
  it('has every prompt once in an epoch, in another order in each', async () => {
    const stream = await PromptStream.open(folder, 'train', 1);
    const epochs = await Promise.all(
      [0, 1].map(async (epoch) => (await stream.take(epoch * stream.rows, stream.rows)).map((row) => row.prompt)),
    );
    const all = (await readSplit(folder, 'train')).map((row) => row.prompt).sort();
    for (const epoch of epochs) expect([...epoch].sort()).toEqual(all);
    expect(epochs[0]).not.toEqual(epochs[1]);
  });

  it('reads shards of several row groups in parts', async () => {
    const lines = Array.from({ length: 9000 }, (_, i) => `prompt ${i}`);
    const source = await write({ 'a.txt': lines.join('\n') });
    const large = await shard(await filter(await ingest({ source })), { rows: 5000, validation: 0, test: 0 });
    const stream = await PromptStream.open(large, 'train', 1);
    const seen = [];
    for await (const batch of stream.batches(0, 500)) {
      seen.push(...batch.map(({ prompt }) => prompt));
      if (seen.length === 9000) break;
    }
    expect([...seen].sort()).toEqual([...lines].sort());
    const all = await readSplit(large, 'train');
    expect(await readSplit(large, 'train', 4600)).toEqual(all.slice(0, 4600));
    expect((await stream.take(8990, 20)).slice(0, 10).map(({ prompt }) => prompt)).toEqual(seen.slice(8990));
  });

  it('continues from any position as if it had never stopped', async () => {
    const whole = await (await PromptStream.open(folder, 'train', 7)).take(0, 500);
    await fc.assert(
      fc.asyncProperty(fc.nat(499), async (place) => {
        const resumed = await PromptStream.open(folder, 'train', 7);
        expect(await resumed.take(place, 500 - place)).toEqual(whole.slice(place));
      }),
      { numRuns: 5 },
    );
  });

  it('has another order for another seed', async () => {
    const [a, b] = await Promise.all(
      [1, 2].map(async (seed) => (await PromptStream.open(folder, 'train', seed)).take(0, 50)),
    );
    expect(a).not.toEqual(b);
  });

  it('refuses a split without prompts and a folder without shards', async () => {
    await expect(PromptStream.open(folder, 'test', 1)).rejects.toThrow(/the test split has no prompts/);
    await expect(readSplit(await emptyFolder(), 'train')).rejects.toThrow(InputError);
  });

  it('notices a damaged shard', async () => {
    const files = ['manifest.json', 'train-00000.parquet'];
    const [manifest, bytes] = await Promise.all(files.map((file) => readFile(join(folder, file))));
    const path = await write({ 'manifest.json': manifest!, 'train-00000.parquet': bytes!.subarray(0, 300) });
    await expect(readSplit(join(path, '..'), 'train')).rejects.toThrow(RunError);
    await writeFile(path, manifest!.toString().replace(/"rows":\d+,"sha256"/, '"rows":1,"sha256"'));
    await writeFile(join(path, '..', 'train-00000.parquet'), bytes!);
    await expect(readSplit(join(path, '..'), 'train')).rejects.toThrow(RunError);
  });
});
