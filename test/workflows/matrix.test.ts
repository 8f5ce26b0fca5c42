import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createActivities } from '../../activities/activities.ts';
import { callBody } from '../../activities/execution/call-body.ts';
import { StageProcess, type StartBodyRunner } from '../../activities/execution/stage-process.ts';
import type { RunChange, StageTask } from '../../activities/stage-task.ts';
import { connectTemporal } from '../../temporal/connection.ts';
import { DevServer } from '../../temporal/server/dev-server.ts';
import { stageNodes } from '../../temporal/stage-nodes.ts';
import { checkConfig } from '../../pipeline/config/config-file.ts';
import { withDependents } from '../../pipeline/graph.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { loadPipeline } from '../../pipeline/load.ts';
import { activeStages } from '../../pipeline/pipeline.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { findTemporal } from '../../scripts/setup/temporal.mjs';
import { progressQuery, resumeUpdate } from '../../workflows/messages.ts';
import type { runPipeline } from '../../workflows/run-pipeline.ts';
import { workflowsPath } from './environment.ts';
import { until } from '../setup/watchdog.ts';

// Shapes of pipelines x ways to run them, on all parts of a run: workflow, activities, keys, store, records. Bodies
// run in this process, except where one is killed. The shapes' language: see shapePipeline.
const shapes: Record<string, [shape: string, ...on: string[]]> = {
  single: ['a'],
  line: ['a; b < a; c < b'],
  diamond: ['a; b < a; c < a; d < b c'],
  branches: ['a; b < a; c < a; d < a'],
  joined: ['a; b; c; d < a b c'],
  nested: ['a; b < a; c < a; d < b; e < b; f < d e; g < f c'],
  'two lines': ['a; b < a; c; d < c'],
  shortcut: ['a; b < a; c < a b; d < a b c'],
  'optional, off': ['a; b? < a; c < a b?'],
  'optional, on': ['a; b? < a; c < a b?', 'b'],
  'optional line': ['a; b? < a; c? < b; d < a c?', 'b', 'c'],
  items: ['a; b* < a; c < b'],
  'items beside a branch': ['a; b* < a; c < a; d < b c'],
  segments: ['a; b~ < a; c < b'],
  everything: ['a; b* < a; c~ < a; d? < b; e < b c d?', 'd'],
};

let server: DevServer;
let client: Client;
let folder: string;
let stop: () => Promise<void>;
/** By run: the activities that work in its home, and the bodies that they called, as `stage function`. */
const homes = new Map<string, ReturnType<typeof createActivities>>();
const calls = new Map<string, string[]>();

beforeAll(async () => {
  vi.spyOn(console, 'log').mockImplementation(() => {}); // what the bodies print
  folder = await mkdtemp(join(tmpdir(), 'textcraftor-test-'));
  server = await DevServer.start({ command: findTemporal()!.value, folder });
  const connection = await connectTemporal({ address: server.address });
  client = new Client({ connection });
  const activities = {
    default: (task: StageTask) => homes.get(task.run)!.default(task),
    recordRun: (run: string, change: RunChange) => homes.get(run)!.recordRun(run, change),
  };
  const worker = await Worker.create({ connection, taskQueue: 'test', workflowsPath, activities });
  const running = worker.run();
  stop = async () => {
    worker.shutdown();
    await running;
    await connection.close();
    await server.stop();
    await rm(folder, { recursive: true });
  };
});
afterAll(() => stop?.());

/** Settings that make a stage's body die once, or fail each time, in the middle of its work. */
function trouble(shape: string, stage: string, how: 'kill' | 'fail'): Record<string, unknown> {
  if (shape.includes(`${stage}*`)) return { [how]: 'item-1' };
  if (shape.includes(`${stage}~`)) return { [how]: 'yes' };
  return { fail: how === 'kill' ? 'kill' : 'InputError', failAt: 2 };
}

interface Done {
  /** By stage. */
  digests: Record<string, string | undefined>;
  statuses: Record<string, string>;
  calls: string[];
}

/** A home for the runs of one shape. */
async function openHome(name: string) {
  const [shape, ...on] = shapes[name]!;
  const home = new Home(await mkdtemp(join(folder, 'home-')));
  const module = join(home.folder, 'pipeline.ts');
  const fixture = fileURLToPath(new URL('../fixtures/pipelines/shapes.ts', import.meta.url));
  await writeFile(
    module,
    `import { shapePipeline } from '${fixture}'; export const pipeline = shapePipeline('p', '${shape}');`,
  );
  const records = new RunRecords(home);
  const pipeline = await loadPipeline(module);
  const configure = (work: object) =>
    checkConfig(pipeline.schema, { name: basename(home.folder).toLowerCase(), on, work }, 'test');
  const graph = activeStages(pipeline, configure({}));

  /** @param killed its bodies run in their own processes */
  const start = async (work: object, killed?: string) => {
    const run = await records.create(`${basename(home.folder)}-${calls.size}`, module, configure(work), graph);
    const made: string[] = [];
    calls.set(run.id, made);
    homes.set(run.id, createActivities({ home, environment: process.env, startBody: starter(made, killed) }));
    const stages = await stageNodes(home, run.id);
    const args: Parameters<typeof runPipeline> = [{ run: run.id, stages, fresh: [] }];
    const handle = await client.workflow.start<typeof runPipeline>('runPipeline', {
      workflowId: run.id,
      taskQueue: 'test',
      args,
    });
    const outcome = async (): Promise<Done> => {
      await handle.result();
      const { stages, status } = await records.read(run.id);
      expect(status).toBe('completed');
      return {
        digests: Object.fromEntries(stages.map((each) => [each.name, each.artifact?.sha256])),
        statuses: Object.fromEntries(stages.map((each) => [each.name, each.status])),
        calls: made,
      };
    };
    return { id: run.id, handle, outcome, change: (next: object) => records.saveConfig(run.id, configure(next)) };
  };
  return { shape, graph, start };
}

function starter(made: string[], killed: string | undefined): StartBodyRunner {
  return async (options) => {
    const stage = basename(options.log, '.log');
    const real = stage === killed ? await StageProcess.start(options) : undefined;
    return {
      async do(order, ties) {
        made.push(`${stage} ${order.call.name}`);
        if (real) return real.do(order, ties);
        const answer = await callBody(order, { signal: ties.signal, progress: ties.onProgress });
        return { ...answer, seconds: 0, setUpSeconds: 0 };
      },
      close: async () => real?.close(),
    };
  };
}

/** The calls of a stage's body when nothing goes wrong. */
function expectedCalls(shape: string, stage: string): string[] {
  if (shape.includes(`${stage}*`))
    return ['items', 'runItem', 'runItem', 'runItem', 'gather'].map((name) => `${stage} ${name}`);
  return Array.from({ length: shape.includes(`${stage}~`) ? 2 : 1 }, () => `${stage} run`);
}

describe.each(Object.keys(shapes).map((name, number) => [name, number] as const))('%s', (name, number) => {
  let home: Awaited<ReturnType<typeof openHome>>;
  let fresh: Done;
  /** The stage with the fault: a different place in each shape. */
  let place: string;
  const all = (status: string) => Object.fromEntries(home.graph.map((stage) => [stage.name, status]));
  beforeAll(async () => {
    home = await openHome(name);
    place = home.graph[number % home.graph.length]!.name;
    fresh = await (await home.start({})).outcome();
  });

  it('fresh: every stage runs once', () => {
    expect(fresh.statuses).toEqual(all('ran'));
    const expected = home.graph.flatMap((stage) => expectedCalls(home.shape, stage.name));
    expect(fresh.calls.toSorted()).toEqual(expected.toSorted());
  });

  it('cached: nothing runs', async () => {
    const again = await (await home.start({})).outcome();
    expect(again).toEqual({ digests: fresh.digests, statuses: all('reused'), calls: [] });
  });

  it('killed: the result is the same, and no other stage runs again', async () => {
    const run = await home.start({ [place]: trouble(home.shape, place, 'kill') }, place);
    const { digests, statuses, calls } = await run.outcome();
    expect(digests).toEqual(fresh.digests);
    // The result is the same, so the stages that read it are reused.
    expect(statuses).toEqual({ ...all('reused'), [place]: 'ran' });
    const own = calls.filter((call) => call.startsWith(`${place} `));
    expect(own).toEqual(calls);
    expect(own.length).toBe(expectedCalls(home.shape, place).length + 1);
  });

  it('failed, then resumed with a change: only affected stages run', async () => {
    const other = await openHome(name);
    const run = await other.start({ [place]: trouble(home.shape, place, 'fail') });
    await until(
      'the run to park',
      () => run.handle.query(progressQuery),
      ({ status }) => status === 'parked',
    );
    const { stages } = await run.handle.query(progressQuery);
    const behind = withDependents(home.graph, place);
    for (const { name } of home.graph)
      expect(stages[name]?.status).toBe(name === place ? 'failed' : behind.has(name) ? 'blocked' : 'ran');
    const before = calls.get(run.id)!.length;
    await run.change({});
    await run.handle.executeUpdate(resumeUpdate, { args: [{ fresh: [] }] });
    const { digests, statuses } = await run.outcome();
    expect(digests).toEqual(fresh.digests);
    for (const { name } of home.graph) expect(statuses[name]).toBe(behind.has(name) ? 'ran' : 'reused');
    const since = calls.get(run.id)!.slice(before);
    expect(new Set(since.map((call) => call.split(' ')[0]))).toEqual(behind);
  });
});
