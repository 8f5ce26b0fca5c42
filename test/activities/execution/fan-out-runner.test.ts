import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FanOutRunner } from '../../../activities/execution/fan-out-runner.ts';
import type { ItemList, StageOutcome, StageTask } from '../../../activities/stage-task.ts';
import { Workbench } from '../../../activities/execution/workbench.ts';
import { Home } from '../../../pipeline/runs/home.ts';
import { noItems } from '../../../pipeline/runs/item-counts.ts';
import type { ItemCounts } from '../../../pipeline/runs/run.ts';
import { leaveWork } from '../../setup/dead-work.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

const pipeline = fileURLToPath(new URL('../../fixtures/pipelines/items.ts', import.meta.url));

async function setUp() {
  const home = new Home(await temporaryFolder());
  const log = join(home.folder, 'stage.log');
  const runner = new FanOutRunner(new Workbench({ home, environment: process.env }));
  const hooks = {
    attempt: 1,
    signal: new AbortController().signal,
    log,
    onStart: () => Promise.resolve(),
    onProgress: () => {},
    onBody: () => {},
    onCounts: () => {},
  };
  const task = (change: Partial<StageTask>): StageTask =>
    ({ run: 'run-1', stage: 'each', inputs: {}, fresh: false, ...change }) satisfies StageTask;
  const list = (config: object, change: Partial<StageTask> = {}) =>
    runner.list(task(change), { pipeline, config }, hooks);
  const batch = (config: object, { list }: ItemList, from: number, to: number, change: Partial<StageTask> = {}) => {
    const part = { kind: 'batch' as const, list, from, to, lane: 0, before: noItems() };
    return runner.batch(task(change), part, { pipeline, config }, hooks);
  };
  const gather = (config: object, { list }: ItemList, counts: ItemCounts) =>
    runner.gather(task({}), { kind: 'gather', list, counts }, { pipeline, config }, hooks);
  /** Runs the whole stage in one batch. */
  const all = async (config: object): Promise<StageOutcome & { counts?: ItemCounts }> => {
    const found = await list(config);
    if (!('list' in found)) return found;
    const counts = await batch(config, found, 0, found.total);
    return { ...(await gather(config, found, counts)), counts };
  };
  const made = async () => (await readFile(log, 'utf8').catch(() => '')).match(/item-\d+/g) ?? [];
  return { home, list, batch, gather, all, made, log };
}

describe('a stage that fans out', () => {
  it('makes each item once, in one process per batch, and gathers them in order', async () => {
    const { all, made, log, home } = await setUp();
    const first = await all({ count: 4 });
    expect(first.counts).toMatchObject({ total: 4, done: 4, reused: 0, rows: 4, bytes: 256 });
    expect(await made()).toEqual(['item-0', 'item-1', 'item-2', 'item-3']);
    expect(new Set((await readFile(log, 'utf8')).match(/pid \d+/g)).size).toBe(1);
    const state = await readFile(join(fileURLToPath(first.artifact.uri), 'state.txt'), 'utf8');
    expect(state.split('\n')).toHaveLength(4);
    expect(await all({ count: 4 })).toMatchObject({ reused: true, artifact: first.artifact });
    expect(await readdir(join(home.folder, 'work'))).toEqual([]);
  });

  it('clears what a process left that died right after saving what it gathered', async () => {
    const { all, home, made } = await setUp();
    const first = await all({ count: 2 });
    await leaveWork(home, 'each');
    expect(await all({ count: 2 })).toMatchObject({ reused: true, artifact: first.artifact });
    expect(await readdir(join(home.folder, 'work'))).toEqual([]);
    expect(await made()).toEqual(['item-0', 'item-1']);
  });

  it('makes only the items that are new when there are more of them', async () => {
    const { all, made } = await setUp();
    await all({ count: 2 });
    const more = await all({ count: 3 });
    expect(more.counts).toMatchObject({ done: 3, reused: 2, rows: 3 });
    expect(await made()).toEqual(['item-0', 'item-1', 'item-2']);
  });

  it('keeps what was done before an item failed or the process died', async () => {
    const undisturbed = await (await setUp()).all({ count: 3, kill: 'none' });
    const { list, batch, gather, made } = await setUp();
    const config = { count: 3, kill: 'item-1' };
    const found = (await list(config)) as ItemList;
    await expect(batch(config, found, 0, 3)).rejects.toThrow('killed by SIGKILL');
    const counts = await batch(config, found, 0, 3);
    expect(counts).toMatchObject({ done: 3, reused: 1 });
    expect(await made()).toEqual(['item-0', 'item-1', 'item-1', 'item-2']);
    expect((await gather(config, found, counts)).artifact.sha256).toBe(undisturbed.artifact.sha256);
  });

  it('names the item that fails', async () => {
    const { all } = await setUp();
    await expect(all({ count: 2, fail: 'item-1' })).rejects.toThrow(
      expect.objectContaining({ name: 'InputError', message: 'Item item-1: failed on purpose' }),
    );
  });

  it('makes an item again when its bytes have changed, and all items once on request', async () => {
    const { list, batch, made, home } = await setUp();
    const found = (await list({ count: 2 })) as ItemList;
    await batch({ count: 2 }, found, 0, 2);
    const folders = (await readdir(home.artifacts)).filter((name) => !name.endsWith('.json'));
    const item = folders.find((name) => name !== found.list.sha256)!;
    await rm(join(home.artifacts, item, 'state.txt'));
    await writeFile(join(home.artifacts, item, 'state.txt'), 'other');
    expect(await batch({ count: 2 }, found, 0, 2)).toMatchObject({ reused: 1 });
    const again = { fresh: true, request: 'again' };
    expect(await batch({ count: 2 }, found, 0, 2, again)).toMatchObject({ reused: 0 });
    expect(await batch({ count: 2 }, found, 0, 2, again)).toMatchObject({ reused: 2 }); // another attempt
    expect(await made()).toHaveLength(5);
  });
});
