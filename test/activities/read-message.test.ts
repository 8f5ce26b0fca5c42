import { MockActivityEnvironment } from '@temporalio/testing';
import { chmod, cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/activities.ts';
import { createRetrainActivities } from '../../activities/retrain/retrain-activities.ts';
import { DefaultLogger } from '@temporalio/worker';
import { seal } from '../../common/files/sealed.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { Schedules } from '../../registry/schedules/schedules.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

// A stranger who reaches the Temporal server can make an activity do only what the user's own records say.

let folder: string;
let home: Home;
let records: RunRecords;
let run: string;
let marker: string;
/** A folder beside the home with the records of a run and a schedule whose hooks and modules leave a mark. */
let evil: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  home = new Home(join(folder, 'home'));
  records = new RunRecords(home);
  [marker, evil] = [join(folder, 'marker'), join(folder, 'evil')];
  const graph = [
    { name: 'source', inputs: [] },
    { name: 'left', inputs: ['source'] },
  ];
  const diamond = fileURLToPath(new URL('../fixtures/pipelines/diamond.ts', import.meta.url));
  ({ id: run } = await records.create('diamond', diamond, { notify: [] }, graph));
  await mkdir(evil);
  const module = join(evil, 'pipeline.ts');
  await writeFile(module, `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(marker)}, '');`);
  await writeFile(join(evil, 'run.json'), seal({ ...(await records.file(run)), id: 'evil', pipeline: module }));
  const config = { notify: [{ command: ['touch', marker] }], prompts: { source: evil } };
  await writeFile(join(evil, 'config.json'), seal(config));
  const schedule = { name: 'evil', pipeline: module, config, warmStart: true, minimumPrompts: 1, createdAt: 'now' };
  await writeFile(join(evil, 'schedule.json'), seal(schedule));
});

const activities = () => createActivities({ home, environment: process.env });
const retraining = () =>
  createRetrainActivities({
    home,
    address: 'nowhere',
    environment: {},
    launch: () => Promise.reject(new Error('no run is made')),
  });
const call = (activity: (...args: never[]) => Promise<unknown>, ...args: unknown[]): Promise<unknown> =>
  new MockActivityEnvironment({ attempt: 1 }, { logger: new DefaultLogger('ERROR') }).run(
    activity as (...args: unknown[]) => Promise<unknown>,
    ...args,
  );
const refused = { name: 'ApplicationFailure', type: 'InputError', nonRetryable: true };
/** All files in the test's folder, except those in the home's record of the run. */
const listing = async () => (await readdir(folder, { recursive: true })).toSorted();

const digest = '0123456789abcdef'.repeat(4);
const outcome = {
  artifact: { uri: 'file:///', sha256: digest, bytes: 1 },
  key: digest,
  reused: true,
  run: 'r',
  seconds: 1,
};
const names = [
  '../../evil',
  '../../../evil',
  '..',
  '',
  '/tmp',
  'latest',
  'no-such-run',
  '__proto__',
  7,
  null,
  {},
  ['a'],
];

describe('the status of a run', () => {
  it.each(names)('is not recorded for %j', async (name) => {
    const before = await listing();
    for (const status of ['running', 'completed', 'failed'])
      await expect(call(activities().recordRun, name, { status })).rejects.toMatchObject(refused);
    expect(await listing()).toEqual(before);
  });

  it.each([{}, null, 'completed', { status: 'interrupted' }, { status: 'completed', command: ['touch', 'x'] }])(
    'is not %j',
    async (change) => {
      await expect(call(activities().recordRun, run, change)).rejects.toMatchObject(refused);
    },
  );

  it('is recorded, and sent to the hooks of the record', async () => {
    await records.saveConfig(run, { notify: [{ command: ['touch', marker] }] });
    await call(activities().recordRun, run, { status: 'completed' });
    expect((await records.file(run)).status).toBe('completed');
    expect(await readdir(folder)).toContain('marker');
  });

  it('has no terminal sequences in its error', async () => {
    const error = { name: '\x1b[31mRunError', message: 'a\x1b]0;b\x07\r\x9b2J\u202ec\nd' };
    await call(activities().recordRun, run, { status: 'failed', error });
    expect((await records.file(run)).error).toEqual({
      name: '\\u001b[31mRunError',
      message: 'a\\u001b]0;b\\u0007\\u000d\\u009b2J\\u202ec\nd',
    });
  });

  it("is sent to nobody when the record is another run's, or writable by every user", async () => {
    await cp(evil, join(home.runs, 'copy'), { recursive: true });
    await expect(call(activities().recordRun, 'copy', { status: 'completed' })).rejects.toThrow(
      'is the record of run evil',
    );
    await records.saveConfig(run, { notify: [{ command: ['touch', marker] }] });
    for (const [path, mode] of [
      [join(home.run(run), 'config.json'), 0o666],
      [home.run(run), 0o777],
    ] as const) {
      await chmod(path, mode);
      const told = call(activities().recordRun, run, { status: 'completed' });
      await expect(told).rejects.toThrow(`Every user may write to ${path}`);
      await chmod(path, 0o700);
    }
    expect(await readdir(folder)).not.toContain('marker');
  });
});

describe('a stage', () => {
  const task = (change: object) => ({ run, stage: 'left', inputs: { source: outcome }, fresh: false, ...change });
  const bad: Record<string, object> = {
    ...Object.fromEntries(names.map((name) => [`the run ${JSON.stringify(name)}`, { run: name }])),
    ...Object.fromEntries(
      ['../evil', 'recordRun', 'nothing', 'constructor', '', 7].map((name) => [`the stage ${name}`, { stage: name }]),
    ),
    'no inputs': { inputs: {} },
    'another input': { inputs: { left: outcome } },
    'an input too many': { inputs: { source: outcome, left: outcome } },
    'an input that is a path': {
      inputs: { source: { ...outcome, artifact: { ...outcome.artifact, sha256: '../../evil' } } },
    },
    'a key that is a path': { inputs: { source: { ...outcome, key: '../../evil' } } },
    'a module': { module: '/tmp/evil.ts' },
    'a pipeline': { pipeline: '/tmp/evil.ts' },
    'a configuration': { config: {} },
    'a part that there is not': { part: { kind: 'evil' } },
    'a part with a path': {
      part: { kind: 'batch', list: outcome.artifact, from: 0, to: 1, lane: '../..', before: {} },
    },
    'a batch before the first': {
      part: {
        kind: 'batch',
        list: outcome.artifact,
        from: -1,
        to: 1,
        lane: 0,
        before: { total: 0, done: 0, reused: 0, seconds: 0, rows: 0, bytes: 0 },
      },
    },
    'a segment without end': { part: { kind: 'segment', number: 1e300 } },
    'a request of many lines': { request: 'a\n1' },
  };
  it.each(Object.entries(bad))('is not done with %s', async (_, change) => {
    const before = await listing();
    await expect(call(activities().default, task(change))).rejects.toMatchObject(refused);
    expect(await listing()).toEqual(before);
  });

  it('does not run when its record names a module that others may write', async () => {
    await chmod(join(home.run(run), 'run.json'), 0o666);
    await expect(call(activities().default, task({}))).rejects.toThrow('Every user may write to');
  });
});

describe('a retraining', () => {
  it.each([{ schedule: '../../evil' }, { schedule: 'none' }, {}, null, { schedule: 'a', partition: '..' }])(
    'takes no prompts of %j',
    async (task) => {
      const before = await listing();
      await expect(call(retraining().takePrompts, task)).rejects.toMatchObject(refused);
      expect(await listing()).toEqual(before);
    },
  );

  it.each([
    { schedule: '../../evil', batch: 1 },
    { schedule: 'daily', batch: '../../..' },
    { schedule: 'daily', batch: -1 },
    { schedule: 'daily', batch: 1 },
    { run: 'x', stage: 'y', inputs: {}, fresh: false },
  ])('does nothing with the batch %j', async (task) => {
    const schedules = new Schedules(home);
    const schedule = { pipeline: 'textcraftor', config: { prompts: { source: folder } }, createdAt: 'now' };
    await schedules.save({ name: 'daily', warmStart: true, minimumPrompts: 1, ...schedule });
    const draft = await schedules.draft('daily');
    const owner = { workflowId: 'retrain-daily', runId: '1' };
    await schedules.commit('daily', draft, { number: 1, status: 'taken', owner, takenAt: 'now', rows: 1, files: [] });
    const before = await listing();
    for (const act of [retraining().prepareRun, retraining().closeBatch, retraining().releaseBatch])
      await expect(call(act, task)).rejects.toMatchObject(refused);
    expect(await listing()).toEqual(before);
  });
});

describe('a record', () => {
  it('that may hold secrets can be read by this user only', async () => {
    const { mode } = await import('node:fs/promises').then(({ stat }) => stat(join(home.run(run), 'config.json')));
    expect(mode & 0o077).toBe(0);
  });

  it('is refused by name when it is damaged', async () => {
    const path = join(home.run(run), 'run.json');
    const text = JSON.stringify(await records.file(run));
    const sealed = (changed: string) => seal(JSON.parse(changed) as object);
    for (const [content, message] of [
      ['', 'is empty'],
      ['[]', 'holds no record'],
      [text, 'has other content than was written'],
      [sealed(text.replace('"source"', '"../evil"')), 'A stage name is'],
      [sealed(text.replace('"running"', '"evil"')), 'expected running or paused'],
    ] as const) {
      await writeFile(path, content);
      await expect(records.file(run)).rejects.toThrow(message);
    }
    await rm(path);
    await expect(records.recorded(run)).rejects.toThrow(`There is no run ${run} in`);
  });
});
