import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { itemsQuery, progressQuery } from '../../workflows/messages.ts';
import { WorkflowEnvironment } from './environment.ts';
import { until } from '../setup/watchdog.ts';

let environment: WorkflowEnvironment;
beforeAll(async () => {
  environment = await WorkflowEnvironment.start();
});
afterAll(() => environment?.stop());
beforeEach(() => {
  environment.faults.clear();
  environment.awaitedAtOnce = 1;
});

const around = (middle: object) => ({
  stages: [
    { name: 'before', inputs: [] },
    { name: 'middle', inputs: ['before'], ...middle },
    { name: 'after', inputs: ['middle'] },
  ],
  fresh: [],
});
const fanOut = { window: 3, batch: 4 };

describe('a stage that fans out', () => {
  it('makes every item once, in batches, with at most a window of them at a time', async () => {
    environment.itemCount = 50;
    environment.awaitedAtOnce = fanOut.window;
    const handle = await environment.run('items', around({ fanOut }));
    const outcomes = await handle.result();
    expect(outcomes['after']!.artifact.sha256).toBe('after(middle(before()))');
    expect([...environment.items.values()]).toEqual(Array.from({ length: 50 }, () => 1));
    expect(environment.mostAtOnce).toBe(fanOut.window);
    const child = (await handle.query(progressQuery)).stages['middle']!;
    expect(child.status).toBe('reused');
  });

  it('continues as new before its history is long', async () => {
    environment.itemCount = 120;
    environment.items.clear();
    const id = 'many-items';
    const args = [
      {
        task: { run: id, stage: 'middle', inputs: {}, fresh: false },
        fanOut: { window: 10, batch: 1 },
        longHistory: 200,
      },
    ];
    const handle = await environment.client.workflow.start('runItems', { workflowId: id, taskQueue: 'test', args });
    const firstExecution = handle.firstExecutionRunId;
    await handle.result();
    expect((await handle.query(itemsQuery)).done).toBe(120);
    expect([...environment.items.values()]).toEqual(Array.from({ length: 120 }, () => 1));
    const last = await handle.describe();
    expect(last.runId).not.toBe(firstExecution);
    const first = await environment.client.workflow.getHandle(id, firstExecution).describe();
    expect(first.status.name).toBe('CONTINUED_AS_NEW');
    // The limit, plus the events of ten lanes under way; a loaded machine adds some. Without a limit there are 600.
    expect(first.historyLength).toBeLessThan(200 + 10 * 6 + 80);
  });

  it('parks the run with the error of an item, and continues when it is resumed', async () => {
    environment.itemCount = 20;
    environment.faults.set('middle 8', 'permanent');
    const handle = await environment.run('item-fails', around({ fanOut }));
    await until(
      'the record of the failure',
      () => environment.records.at(-1)?.status,
      (status) => status === 'failed',
    );
    expect(environment.records.at(-1)?.error).toEqual({ name: 'InputError', message: 'item 8 of middle cannot' });
    environment.faults.clear();
    await until(
      'the run to park',
      () => handle.query(progressQuery),
      ({ status }) => status === 'parked',
    );
    await handle.executeUpdate('resume', { args: [{ fresh: [] }] });
    expect(Object.keys(await handle.result())).toHaveLength(3);
  });
});

describe('a stage in segments', () => {
  it('is done one segment after another', async () => {
    environment.segmentCount = 4;
    const handle = await environment.run('segments', around({ segmented: true }));
    expect((await handle.result())['after']!.artifact.sha256).toBe('after(middle(before()))');
    expect(environment.segments).toEqual([0, 1, 2, 3]);
  });

  it('continues as new before its history is long', async () => {
    environment.segmentCount = 60;
    const args = [{ task: { run: 'r', stage: 'middle', inputs: {}, fresh: false }, longHistory: 100 }];
    const id = 'many-segments';
    environment.segments.length = 0;
    const handle = await environment.client.workflow.start('runSegments', { workflowId: id, taskQueue: 'test', args });
    await handle.result();
    expect(environment.segments).toEqual(Array.from({ length: 60 }, (_, i) => i));
    const first = await environment.client.workflow.getHandle(id, handle.firstExecutionRunId).describe();
    expect(first.status.name).toBe('CONTINUED_AS_NEW');
    // A segment more than the limit, plus some events on a loaded machine. Without a limit there are 360.
    expect(first.historyLength).toBeLessThan(110 + 80);
  });
});

describe('messages', () => {
  const running = async (id: string, stages = around({ segmented: true })) => {
    environment.faults.set('middle', 'hang');
    environment.segmentCount = 1;
    const handle = await environment.run(id, stages);
    await until(
      'the stage to start',
      () => environment.events,
      (events) => events.includes('middle starts'),
    );
    return handle;
  };

  it('pause ends the running stages, and resume starts them again', async () => {
    const handle = await running('paused');
    await expect(handle.executeUpdate('resume', { args: [{ fresh: [] }] })).rejects.toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ message: 'The run is running.' }) }),
    );
    await handle.executeUpdate('pause');
    expect(environment.events.at(-1)).toBe('middle is cancelled');
    expect(environment.records.at(-1)).toEqual({ status: 'paused' });
    expect(await handle.query(progressQuery)).toMatchObject({
      status: 'paused',
      stages: { before: { status: 'reused' }, middle: { status: 'stopped' }, after: { status: 'pending' } },
    });
    await expect(handle.executeUpdate('pause')).rejects.toThrow();
    environment.faults.clear();
    await handle.executeUpdate('resume', { args: [{ fresh: [] }] });
    expect(Object.keys(await handle.result())).toEqual(['before', 'middle', 'after']);
    expect(environment.records.map(({ status }) => status)).toEqual(['running', 'paused', 'running', 'completed']);
  });

  it('cancel ends the run, paused or not', async () => {
    const handle = await running('cancelled-by-update');
    await handle.executeUpdate('cancel');
    expect(environment.records.at(-1)).toEqual({ status: 'cancelled' });
    await expect(handle.result()).rejects.toThrow();
    const paused = await running('cancelled-while-paused');
    await paused.executeUpdate('pause');
    await paused.executeUpdate('cancel');
    expect(environment.records.map(({ status }) => status)).toEqual(['running', 'paused', 'cancelled']);
  });

  it('make a run findable by status, stage and model', async () => {
    const stages = { ...around({}), searchable: true };
    const handle = await running('searchable', stages);
    const { typedSearchAttributes } = await handle.describe();
    const attributes = Object.fromEntries(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
    expect(attributes).toMatchObject({ TextCraftorStatus: 'running', TextCraftorStage: ['middle'] });
    const query = "TextCraftorStage = 'middle' AND TextCraftorStatus = 'running'";
    await until(
      'the server to find the run',
      async () => (await environment.client.workflow.count(query)).count,
      (count) => count === 1,
    );
    await handle.executeUpdate('cancel');
  });
});
