import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { appendFile, mkdir, readdir, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readArrived } from '../../activities/retrain/arrived-files.ts';
import { takePrompts } from '../../activities/retrain/take-prompts.ts';
import { InputError } from '../../common/errors.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { partitionOf } from '../../registry/schedules/partition.ts';
import { Schedules } from '../../registry/schedules/schedules.ts';
import type { BatchOwner, ScheduleFile } from '../../registry/schedules/schedule-files.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

const schedule: ScheduleFile = {
  name: 'daily',
  pipeline: 'p',
  config: {},
  warmStart: true,
  minimumPrompts: 1,
  createdAt: '2026-11-24T00:00:00.000Z',
};
const owner = (n: number): BatchOwner => ({ workflowId: `retrain-daily-${n}`, runId: `run-${n}` });

let home: Home;
let schedules: Schedules;
let inbox: string;
beforeEach(async () => {
  home = new Home(await temporaryFolder());
  inbox = join(home.folder, 'inbox');
  await mkdir(inbox);
  schedules = new Schedules(home);
  await set({});
});
const set = (change: Partial<ScheduleFile>, prompts: object = {}) =>
  schedules.save({ ...schedule, ...change, config: { prompts: { source: inbox, ...prompts } } });

/** Writes a file that was last changed a minute ago. */
async function arrive(name: string, ...prompts: string[]): Promise<void> {
  await appendFile(join(inbox, name), prompts.map((prompt) => `${prompt}\n`).join(''));
  const then = new Date(Date.now() - 60_000);
  await utimes(join(inbox, name), then, then);
}
const take = (n: number, partition?: string, open = true, read = readArrived) =>
  takePrompts(
    home,
    { schedule: 'daily', ...(partition === undefined ? {} : { partition }) },
    owner(n),
    () => Promise.resolve(open),
    new AbortController().signal,
    read,
  );
const promptsOf = async (batch: number) => {
  const file = await asyncBufferFromFile(await schedules.prompts('daily', await schedules.batch('daily', batch)));
  return (await parquetReadObjects({ file, compressors })).map(({ prompt }) => prompt);
};

describe('prompts', () => {
  it('of a batch that has changed since are refused by name', async () => {
    await arrive('a.txt', 'two dogs');
    await take(1);
    const path = await schedules.prompts('daily', await schedules.batch('daily', 1));
    await appendFile(path, 'x');
    await arrive('b.txt', 'a bird');
    await expect(take(2)).rejects.toThrow(`${path} is damaged: restore it from a copy`);
    await truncate(join(schedules.batchFolder('daily', 1), 'batch.json'), 30);
    await expect(take(2)).rejects.toThrow(/batch\.json is cut short or overwritten; restore it/);
  });

  it('are taken once: those of new files, and the new ones of files that have grown', async () => {
    await arrive('a.txt', 'two dogs', 'a cat', 'a cat');
    expect(await take(1)).toEqual({ number: 1, rows: 2 });
    expect(await promptsOf(1)).toEqual(['a cat', 'two dogs']);
    expect(await take(2)).toBeNull();

    await arrive('a.txt', 'a red bird');
    await arrive('b.csv', 'prompt', 'a cat', 'a fish');
    expect(await take(3)).toEqual({ number: 2, rows: 2 });
    expect(await promptsOf(2)).toEqual(['a fish', 'a red bird']);
    expect(await take(4)).toBeNull();
  });

  it('that are not taken leave the reason why, until some are', async () => {
    const why = async () => (await schedules.look('daily'))?.result;
    expect(await why()).toBeUndefined();
    await take(1);
    expect(await why()).toBe('no-new-files');
    await set({ minimumPrompts: 3 });
    await arrive('a.txt', 'a cat', 'a dog');
    expect(await take(2)).toBeNull();
    expect(await schedules.look('daily')).toMatchObject({ result: 'too-few', rows: 2 });
    await arrive('a.txt', 'a bird');
    expect(await take(3)).toMatchObject({ rows: 3 });
    expect(await why()).toBeUndefined();
    await arrive('b.txt', 'a cat');
    expect(await take(4)).toBeNull();
    expect(await why()).toBe('no-new-prompts');
    await truncate(join(schedules.folder('daily'), 'looked.json'), 5);
    expect(await why()).toBeUndefined();
  });

  it('are the same when the same retraining asks again', async () => {
    await arrive('a.txt', 'a cat');
    const first = await take(1);
    await arrive('b.txt', 'a dog');
    expect(await take(1)).toEqual(first);
    expect(await take(2)).toEqual({ number: 2, rows: 1 });
  });

  it('of a file that changed while it was read are left for the next time', async () => {
    await arrive('a.txt', 'a cat');
    await arrive('b.txt', 'a dog', 'half a pro');
    const writing: typeof readArrived = async (file, ...rest) => {
      await readArrived(file, ...rest);
      if (file.name === 'b.txt') await arrive('b.txt', 'a fish');
    };
    expect(await take(1, undefined, true, writing)).toEqual({ number: 1, rows: 1 });
    expect(await promptsOf(1)).toEqual(['a cat']);
    // So is one that cannot be read because of that.
    const failing: typeof readArrived = async () => {
      await arrive('b.txt', 'two fish');
      throw new InputError('b.txt: cut short');
    };
    expect(await take(2, undefined, true, failing)).toBeNull();
    expect(await take(3)).toEqual({ number: 2, rows: 4 });
    expect(await promptsOf(2)).toEqual(['a dog', 'a fish', 'half a pro', 'two fish']);
    expect(await readdir(join(home.folder, 'schedules/daily'))).not.toContain('draft');
  });

  it('of a source that cannot hold prompts are refused, not awaited', async () => {
    await set({}, { source: '/dev/zero' });
    await expect(take(1)).rejects.toThrow(/neither a file nor a folder/);
    await set({}, { source: join(inbox, 'later/*.txt') });
    expect(await take(2)).toBeNull();
  });

  it('of a retraining that ended without reporting are new again', async () => {
    await arrive('a.txt', 'a cat');
    await take(1);
    expect(await take(2, undefined, false)).toEqual({ number: 1, rows: 1 });
    await schedules.update('daily', { ...(await schedules.batch('daily', 1)), status: 'used' });
    expect(await take(3, undefined, false)).toBeNull();
  });

  it('that were all seen before are not read again', async () => {
    await arrive('a.txt', 'a cat');
    await take(1);
    await arrive('copy.csv', 'prompt', 'a cat');
    expect(await take(2)).toBeNull();
    expect((await schedules.batches('daily')).map(({ rows, status }) => [rows, status])).toEqual([
      [1, 'taken'],
      [0, 'used'],
    ]);
    expect(await take(2)).toBeNull();
    expect(await take(3)).toBeNull();
    expect(await schedules.batches('daily')).toHaveLength(2);
  });

  it('wait until there are enough of them', async () => {
    await set({ minimumPrompts: 3 });
    await arrive('a.txt', 'a cat', 'a dog');
    expect(await take(1)).toBeNull();
    await arrive('b.txt', 'a fish');
    expect(await take(2)).toEqual({ number: 1, rows: 3 });
    expect(await readdir(join(schedules.folder('daily'), 'batches'))).toEqual(['000001']);
  });

  it('above the limit are for the next time', async () => {
    await set({}, { limit: 2 });
    await arrive('a.txt', 'a', 'b', 'c');
    expect(await take(1)).toEqual({ number: 1, rows: 2 });
    expect(await take(2)).toEqual({ number: 2, rows: 1 });
    expect(await promptsOf(2)).toEqual(['c']);
    expect(await take(3)).toBeNull();
  });

  it('of a file being written, or of another day, are left', async () => {
    await writeFile(join(inbox, 'now.txt'), 'half a prom');
    expect(await take(1)).toBeNull();
    await arrive('2026-11-01.txt', 'a cat');
    await arrive('2026-11-02.txt', 'a dog');
    expect(await take(2, '2026-11-02')).toEqual({ number: 1, rows: 1 });
    expect(await promptsOf(1)).toEqual(['a dog']);
    expect(await take(3, '2026-11-03')).toBeNull();
  });

  it('that have not arrived are not an error, but unreadable ones are', async () => {
    expect(await take(1)).toBeNull();
    await set({}, { source: join(inbox, 'none') });
    expect(await take(2)).toBeNull();
    for (const source of ['shapes', 'gallery']) {
      await set({}, { source });
      await expect(take(3)).rejects.toThrow('A schedule needs prompts that arrive');
    }
  });
});

it.each([
  ['prompts-2026-11-24.csv', '2026-11-24'],
  ['2026/11/24/part-0.parquet', '2026-11-24'],
  ['export_20261124T03.jsonl', '2026-11-24'],
  ['prompts-2026-13-24.csv', undefined],
  ['120261124.csv', undefined],
  ['prompts.txt', undefined],
])('finds the day in %s', (name, day) => {
  expect(partitionOf(name)).toBe(day);
});
