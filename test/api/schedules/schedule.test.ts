import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareSchedule, type NewSchedule } from '../../../api/schedules/create-schedule.ts';
import { ScheduleControl } from '../../../api/schedules/schedule-control.ts';
import type { Home } from '../../../pipeline/runs/home.ts';
import { Registry } from '../../../registry/versions.ts';
import { RunRecords } from '../../../pipeline/runs/runs.ts';
import { serveHome } from '../../setup/served-home.ts';
import { filesBelow, until } from '../../setup/watchdog.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/pipelines/${name}`, import.meta.url));
let folder: string;
let home: Home;
let control: ScheduleControl;
let stop: () => Promise<void>;
beforeAll(async () => {
  const served = await serveHome({ environment: process.env, queues: ['pipeline', 'engine'] });
  ({ folder, home, stop } = served);
  const { connection, address } = served;
  const server = { connection, namespace: 'default', address, owned: false, close: () => Promise.resolve() };
  control = new ScheduleControl(server, home);
});
afterAll(() => stop?.());

/** Creates a schedule for the prompts that arrive in the folder of its name. */
async function create(name: string, everySeconds: number, set: string[], more: Partial<NewSchedule> = {}) {
  const schedule: NewSchedule = {
    name,
    configuration: {
      file: fixture('learn.yaml'),
      pipeline: fixture('learn.ts'),
      prompts: join(folder, name),
      set,
      folder,
      hub: { cache: join(folder, 'hub') },
    },
    timing: { times: { everySeconds }, overlap: 'skip', catchUpSeconds: 3600 },
    ...more,
  };
  const { file, timing } = await prepareSchedule(home, schedule);
  await control.create(file, timing, schedule.paused ?? false);
}

/** Writes a file that was last changed a minute ago. */
async function arrive(inbox: string, name: string, ...prompts: string[]): Promise<void> {
  const file = join(folder, inbox, name);
  await mkdir(join(folder, inbox), { recursive: true });
  await writeFile(file, prompts.map((prompt) => `${prompt}\n`).join(''));
  const then = new Date(Date.now() - 60_000);
  await utimes(file, then, then);
}
const ended = async (schedule: string, batches: number) => {
  const areUsed = (found: readonly { status: string }[]) =>
    found.length === batches && found.every(({ status }) => status === 'used');
  return until(`${batches} batches to be used`, () => control.batches(schedule), areUsed, {
    progress: () => filesBelow(folder),
    interval: 500,
  });
};
const artifact = async (run: string, stage: string, file: string) =>
  JSON.parse(await readFile(join(home.run(run), 'artifacts', stage, file), 'utf8')) as unknown;
const set = ['registry.name=shared'];

describe('a schedule', () => {
  it('retrains on new prompts from the version in production, and promotes a better encoder', async () => {
    await arrive('warm', 'a.txt', 'one', 'two', 'three');
    await create('warm', 2, set);
    const [first] = await ended('warm', 1);
    expect(first).toMatchObject({ rows: 3, registered: { name: 'shared', version: 1, promoted: true } });
    expect(await artifact(first!.run!, 'tune-encoder', 'prompts.json')).toEqual(['one', 'three', 'two']);

    await arrive('warm', 'b.txt', 'four', 'two', 'five');
    const [, second] = await ended('warm', 2);
    expect(second).toMatchObject({ rows: 2, registered: { version: 2, promoted: true } });
    expect(await artifact(second!.run!, 'tune-encoder', 'prompts.json')).toEqual(['five', 'four']);
    const run = await new RunRecords(home).read(second!.run!);
    expect(run).toMatchObject({ status: 'completed', stages: [{ status: 'ran' }, { status: 'ran' }] });
    expect(await new RunRecords(home).config(run.id)).toMatchObject({ champion: { version: 1, blend: 0.5 } });
    const version = await new Registry(home).version('shared', 2);
    const gains = version.comparisons.map(({ against, mean }) => [against, mean]);
    expect(gains).toEqual([
      ['base', 5], // three of the first time, two of this
      ['base', 5], // of the exported encoder
      ['champion', 2],
      ['champion-exported', 2],
    ]);

    const { recent, paused } = await control.state('warm');
    expect(recent.length).toBeGreaterThanOrEqual(2);
    expect(paused).toBe(false);
    await control.pause('warm', 'enough');
    expect(await control.state('warm')).toMatchObject({ paused: true, note: 'enough' });
    await arrive('warm', 'c.txt', 'six');
    await control.trigger('warm');
    expect((await ended('warm', 3))[2]).toMatchObject({ rows: 1, registered: { version: 3, promoted: true } });
    await control.delete('warm');
    expect(await control.list()).toEqual([]);
    await expect(control.state('warm')).rejects.toThrow('There is no schedule "warm"');
  });

  it('leaves a worse challenger out of production', async () => {
    await arrive('cold', 'a.txt', 'seven');
    await create('cold', 3600, set, { warmStart: false });
    await control.trigger('cold');
    const [batch] = await ended('cold', 1);
    expect(batch!.registered).toMatchObject({ version: 4, promoted: false });
    expect(batch!.registered!.refused).toEqual([
      expect.stringMatching(/^heldOut against the champion: -5\.000 /),
      expect.stringMatching(/^heldOut as exported against the champion: -5\.000 /),
    ]);
    expect((await new Registry(home).aliases('shared')).current).toEqual({ candidate: 4, production: 3 });
  });

  it('backfills day by day, each from the version of the day before', async () => {
    await arrive('days', '2026-11-01.txt', 'day one', 'more');
    await arrive('days', '2026-11-02.txt', 'day two');
    await arrive('days', '2026-11-04.txt', 'day four');
    const again = () => create('days', 3600, ['registry.name=days'], { paused: true });
    await again();
    await expect(again()).rejects.toThrow('Schedule "days" already exists');
    expect((await control.backfill('days', '2026-11-01', '2026-11-03')).partitions).toEqual([
      '2026-11-01',
      '2026-11-02',
    ]);
    const batches = await ended('days', 2);
    expect(batches.map(({ partition, rows, registered }) => [partition, rows, registered?.version])).toEqual([
      ['2026-11-01', 2, 1],
      ['2026-11-02', 1, 2],
    ]);
    expect((await new Registry(home).aliases('days')).current['production']).toBe(2);
    await expect(control.backfill('days', '2027-01-01', '2027-01-02')).rejects.toThrow('has no files of days');
  });
});
