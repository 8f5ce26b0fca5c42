import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withDependents, type GraphNode } from '../../pipeline/graph.ts';
import { errorRecord, runChange } from '../../pipeline/runs/task-messages.ts';
import { progressQuery, resumeUpdate } from '../../workflows/messages.ts';
import { WorkflowEnvironment } from './environment.ts';
import { until } from '../setup/watchdog.ts';

/** `c < a b` is the stage c that reads a and b. */
const graph = (text: string): GraphNode[] =>
  text.split(';').map((stage) => {
    const [name = '', inputs = ''] = stage.split('<').map((part) => part.trim());
    return { name, inputs: inputs === '' ? [] : inputs.split(' ') };
  });
const shapes = {
  single: 'a',
  line: 'a; b < a; c < b; d < c',
  diamond: 'a; b < a; c < a; d < b c',
  'fan-out': 'a; b < a; c < a; d < a; e < a',
  'fan-in': 'a; b; c; d < a b c',
  'nested diamonds': 'a; b < a; c < a; d < b; e < b; f < d e; g < f c',
  'two lines': 'a; b < a; c; d < c',
  shortcut: 'a; b < a; c < b; d < a b c',
};

let environment: WorkflowEnvironment;
beforeAll(async () => {
  environment = await WorkflowEnvironment.start();
});
afterAll(() => environment?.stop());
beforeEach(() => environment.faults.clear());

const parked = async (handle: Awaited<ReturnType<WorkflowEnvironment['run']>>) => {
  return until(
    'the run to park',
    () => handle.query(progressQuery),
    ({ status }) => status === 'parked',
  );
};

describe('a run', () => {
  it.each(Object.entries(shapes))('does each stage once, after its inputs: %s', async (name, text) => {
    const stages = graph(text);
    const outcomes = await (await environment.run(`does-${name.replaceAll(' ', '-')}`, { stages, fresh: [] })).result();
    const { events } = environment;
    for (const stage of stages) {
      expect(events.filter((event) => event === `${stage.name} starts`)).toHaveLength(1);
      for (const input of stage.inputs)
        expect(events.indexOf(`${input} ends`)).toBeLessThan(events.indexOf(`${stage.name} starts`));
      const inputs = stage.inputs.toSorted().map((input) => outcomes[input]!.artifact.sha256);
      expect(outcomes[stage.name]!.artifact.sha256).toBe(`${stage.name}(${inputs.join(',')})`);
    }
    expect(environment.records.map(({ status }) => status)).toEqual(['running', 'completed']);
  });

  it.each(graph(shapes['nested diamonds']).map(({ name }) => name))(
    'parks when %s fails, and continues when it is resumed',
    async (failing) => {
      const stages = graph(shapes['nested diamonds']);
      const blocked = withDependents(stages, failing);
      environment.faults.set(failing, 'permanent');
      const handle = await environment.run(`parks-${failing}`, { stages, fresh: [] });
      const progress = await parked(handle);
      for (const { name } of stages)
        expect(progress.stages[name]?.status).toBe(
          name === failing ? 'failed' : blocked.has(name) ? 'blocked' : 'reused',
        );
      expect(progress.stages[failing]?.error).toEqual({ name: 'InputError', message: `${failing} cannot` });
      expect(environment.records.at(-1)).toEqual({
        status: 'failed',
        error: { name: 'InputError', message: `${failing} cannot` },
      });

      environment.faults.clear();
      await handle.executeUpdate(resumeUpdate, { args: [{ fresh: [failing] }] });
      const outcomes = await handle.result();
      expect(Object.keys(outcomes)).toHaveLength(stages.length);
      expect(outcomes[failing]?.reused).toBe(false); // it had to run again
    },
  );

  it('refuses to be resumed while it runs', async () => {
    environment.faults.set('a', 'hang');
    const handle = await environment.run('works', { stages: graph(shapes.line), fresh: [] });
    await expect(handle.executeUpdate(resumeUpdate, { args: [{ fresh: [] }] })).rejects.toThrow();
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
  });

  it('runs branches in parallel, and ends them all when it is cancelled', async () => {
    for (const name of ['b', 'c', 'd', 'e']) environment.faults.set(name, 'hang');
    const handle = await environment.run('cancelled', { stages: graph(shapes['fan-out']), fresh: [] });
    const count = (end: string) => environment.events.filter((event) => event.endsWith(end)).length;
    await until(
      'five stages to start',
      () => count('starts'),
      (starts) => starts === 5,
    );
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow('Workflow execution cancelled');
    expect(count('is cancelled')).toBe(4);
    expect(environment.records.at(-1)).toEqual({ status: 'cancelled' });
  });

  it('can be cancelled while it is parked', async () => {
    environment.faults.set('a', 'permanent');
    const handle = await environment.run('parked-cancelled', { stages: graph(shapes.single), fresh: [] });
    await parked(handle);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow('Workflow execution cancelled');
    expect(environment.records.map(({ status }) => status)).toEqual(['running', 'failed', 'cancelled']);
  });

  it('retries a stage when its failure may pass', async () => {
    environment.faults.set('b', 'retryable');
    await (await environment.run('again', { stages: graph(shapes.line), fresh: [] })).result();
    expect(environment.events.filter((event) => event === 'b starts')).toHaveLength(2);
  });

  it('parks with an error that fits its record, however long the message', async () => {
    environment.faults.set('a', 'wordy');
    const handle = await environment.run('wordy', { stages: graph(shapes.single), fresh: [] });
    await parked(handle);
    const record = runChange(environment.records.at(-1), 'The change');
    expect(record.error!.message).toMatch(/^it said \\u001b\\u001b/);
    expect(errorRecord(record.error, 'The record')).toEqual(record.error);
    await handle.executeUpdate('cancel');
  });

  it('parks when a stage answers with more than references', async () => {
    environment.faults.set('a', 'huge');
    const progress = await parked(await environment.run('huge', { stages: graph(shapes.single), fresh: [] }));
    expect(progress.stages['a']?.error).toMatchObject({
      name: 'RunError',
      message: expect.stringContaining('is too long for references'),
    });
  });
});
