import { ApplicationFailure, Client, WorkflowFailedError } from '@temporalio/client';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { taskQueues } from '../../temporal/queues.ts';
import { WorkflowEnvironment } from './environment.ts';
import { serveHome } from '../setup/served-home.ts';
import { until } from '../setup/watchdog.ts';

// A stranger who reaches the server starts workflows with any arguments, against a worker like the users'.

let folder: string;
let marker: string;
let client: Client;
let taskQueue: string;
let stop: () => Promise<void>;
beforeAll(async () => {
  const served = await serveHome({ environment: {}, queues: ['pipeline'] });
  ({ folder, stop } = served);
  const { home, connection } = served;
  marker = join(folder, 'marker');
  const evil = join(folder, 'evil');
  await mkdir(evil);
  const module = join(evil, 'pipeline.ts');
  const record = { id: 'evil', pipeline: module, createdAt: 'now', status: 'running', graph: [] };
  const config = { notify: [{ command: ['touch', marker] }], prompts: { source: evil } };
  const files = {
    'run.json': record,
    'config.json': config,
    'schedule.json': { name: 'evil', pipeline: module, config, warmStart: true, minimumPrompts: 1, createdAt: 'now' },
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(evil, name), JSON.stringify(content));
  await writeFile(module, `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(marker)}, '');`);
  await writeFile(join(evil, 'prompts.txt'), 'a prompt\n');

  client = new Client({ connection });
  taskQueue = (await taskQueues(home)).pipeline;
});
afterAll(() => stop?.());

const artifact = { uri: 'file:///', sha256: 'a'.repeat(64), bytes: 1 };
const task = { run: 'tiny-1', stage: 'shard', inputs: {}, fresh: false };
const counts = { total: 0, done: 0, reused: 0, seconds: 0, rows: 0, bytes: 0 };
const fanOut = { window: 1, batch: 1 };
const node = { name: 'a', inputs: [] };
const pipeline = { run: 'tiny-1', stages: [], fresh: [] };
const hostile: [workflow: string, input: unknown][] = [
  ...['../../../evil', '../../evil', '..', '/tmp/evil', '', 'latest', 'no-such-run', 7, null].map(
    (run): [string, unknown] => ['runPipeline', { ...pipeline, run }],
  ),
  ['runPipeline', undefined],
  ['runPipeline', 'evil'],
  ['runPipeline', { ...pipeline, config: { notify: [{ command: ['touch', '/tmp/x'] }] } }],
  ['runPipeline', { ...pipeline, stages: [{ ...node, name: '../../evil' }] }],
  ['runPipeline', { ...pipeline, stages: [{ ...node, name: 'recordRun' }] }],
  ['runPipeline', { ...pipeline, stages: [{ ...node, name: '__proto__' }] }],
  ['runPipeline', { ...pipeline, stages: [{ ...node, name: 'constructor' }] }],
  ['runPipeline', { ...pipeline, stages: [{ ...node, inputs: ['toString'] }] }],
  ['runPipeline', { ...pipeline, stages: [{ ...node, inputs: ['a'] }] }],
  ['runPipeline', { ...pipeline, stages: [node, node] }],
  ['runPipeline', { ...pipeline, stages: [{ ...node, module: '/tmp/evil.ts' }] }],
  ['runPipeline', { ...pipeline, stages: [{ ...node, taskQueue: '../x' }] }],
  ['runPipeline', { ...pipeline, stages: [{ ...node, fanOut: { window: 1e9, batch: 1 } }] }],
  ['runPipeline', { ...pipeline, stages: [{ ...node, fanOut: { window: 0, batch: 0 } }] }],
  ['runPipeline', { ...pipeline, stages: { length: 1e9 } }],
  ['runPipeline', { ...pipeline, fresh: 'all' }],
  ['runPipeline', { ...pipeline, searchable: 'yes' }],
  ['runSegments', { task: { ...task, run: '../../evil' } }],
  ['runSegments', { task: { ...task, stage: 'releaseBatch' } }],
  ['runSegments', { task, done: -1 }],
  ['runSegments', { task, taskQueue: '' }],
  ['runSegments', { task, longHistory: 0 }],
  ['runSegments', {}],
  ['runItems', { task, fanOut: { window: 1e8, batch: 1 } }],
  ['runItems', { task: { ...task, inputs: { '../evil': {} } }, fanOut }],
  ['runItems', { task, fanOut, from: { list: { list: artifact, total: 1e300 }, next: 0, lanes: [counts] } }],
  ['runItems', { task, fanOut, from: { list: { list: artifact, total: 1 }, next: 0, lanes: [{ done: '../..' }] } }],
  ['runItems', { task, fanOut, from: { list: { list: artifact, total: 1 }, next: -1, lanes: [counts] } }],
  // Arguments that would continue as new forever and do nothing.
  ['runItems', { task, fanOut, from: { list: { list: artifact, total: 5 }, next: 0, lanes: [] } }],
  ['runItems', { task, fanOut, from: { list: { list: artifact, total: 5 }, next: 0, lanes: [counts, counts] } }],
  ['runItems', { task, fanOut, from: { list: { list: artifact, total: 5 }, next: 6, lanes: [counts] } }],
  [
    'runItems',
    { task, fanOut, longHistory: 1, from: { list: { list: artifact, total: 5 }, next: 0, lanes: [counts] } },
  ],
  ['runSegments', { task, longHistory: 1 }],
  ['runItems', { task }],
  ...['../../evil', '..', '', 'none', 7].map((schedule): [string, unknown] => ['retrain', { schedule }]),
  ['retrain', { schedule: 'daily', partition: '../../x' }],
  ['retrain', { schedule: 'daily', owner: { workflowId: 'x', runId: 'y' } }],
  ['backfill', { schedule: '../../evil', partitions: ['2026-11-01'] }],
  ['backfill', { schedule: 'daily', partitions: ['../../evil'] }],
  ['backfill', { schedule: 'daily', partitions: Array.from({ length: 5000 }, () => '2026-11-01') }],
  ['backfill', { schedule: 'daily', partitions: ['2026-11-01', '2026-11-01'] }],
  ['backfill', {}],
  ...[...Object.getOwnPropertyNames(Object.prototype), 'default', 'no-such-workflow'].map((type): [string, unknown] => [
    type,
    pipeline,
  ]),
];

describe('a stranger', () => {
  it.each(hostile.map(([workflow, input], i) => [workflow, input, i] as const))(
    'starts %s with %j, and nothing is done',
    async (workflow, input, i) => {
      const before = (await readdir(folder, { recursive: true })).filter((name) => !name.startsWith('server'));
      const args = input === undefined ? [] : [input];
      const result = client.workflow.execute(workflow, { workflowId: `hostile-${i}`, taskQueue, args });
      const error = await result.catch((error: unknown) => error);
      expect(error).toBeInstanceOf(WorkflowFailedError);
      let cause = (error as WorkflowFailedError).cause;
      while (cause && !(cause instanceof ApplicationFailure)) cause = cause.cause as typeof cause;
      expect(cause).toMatchObject({ type: 'InputError', nonRetryable: true });
      expect((await readdir(folder, { recursive: true })).filter((name) => !name.startsWith('server'))).toEqual(before);
      expect(before).not.toContain('marker');
    },
  );
});

describe('a parked run', () => {
  let environment: WorkflowEnvironment;
  beforeAll(async () => {
    environment = await WorkflowEnvironment.start();
    return () => environment.stop();
  });
  beforeEach(() => environment.faults.clear());

  it('refuses a resume without a valid graph, and continues with one', async () => {
    environment.faults.set('a', 'permanent');
    const handle = await environment.run('parked', { stages: [node], fresh: [] });
    const status = async () => (await handle.query<{ status: string }>('progress')).status;
    await until('the run to park', status, (found) => found === 'parked');
    for (const resume of [
      null,
      {},
      { fresh: ['../evil'] },
      { fresh: [], stages: [{ name: '../../evil', inputs: [] }] },
      { fresh: [], stages: [{ name: 'a', inputs: ['constructor'] }] },
      { fresh: [], stages: [{ ...node, taskQueue: 'a b' }] },
      { fresh: [], stages: [node], run: '../../evil' },
    ])
      await expect(handle.executeUpdate('resume', { args: [resume] })).rejects.toThrow();
    expect(await status()).toBe('parked');
    environment.faults.clear();
    await handle.signal('resume', { stages: [{ name: '../../evil', inputs: [] }] }); // there is no such signal
    await handle.executeUpdate('resume', { args: [{ fresh: [], stages: [node] }] });
    expect(Object.keys(await handle.result())).toEqual(['a']);
  });
});
