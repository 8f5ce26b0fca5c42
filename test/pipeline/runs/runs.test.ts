import { truncate, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { onNotice } from '../../../common/notices.ts';
import { Home } from '../../../pipeline/runs/home.ts';
import { RunRecords } from '../../../pipeline/runs/runs.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

const graph = [
  { name: 'a', inputs: [] },
  { name: 'b', inputs: ['a'] },
];
const setUp = async () => new RunRecords(new Home(await temporaryFolder()));

describe('the records of runs', () => {
  it('give each run a unique name, even within a second', async () => {
    const records = await setUp();
    const runs = await Promise.all(Array.from({ length: 5 }, () => records.create('tiny', 'textcraftor', {}, graph)));
    expect(new Set(runs.map(({ id }) => id)).size).toBe(5);
    expect(await records.resolve('latest')).toBe((await records.ids()).at(-1));
    for (const { id } of runs) expect(id).toMatch(/^tiny-\d{8}-\d{6}(-\d)?$/);
  });

  it('name the nearest run, or what to do when there is none', async () => {
    const records = await setUp();
    await expect(records.read('latest')).rejects.toThrow('start one with: textcraftor run');
    const { id } = await records.create('tiny', 'textcraftor', {}, graph);
    await expect(records.read(`${id}x`)).rejects.toThrow(`did you mean "${id}"?`);
    await expect(records.read('../../etc')).rejects.toThrow('There is no run "../../etc". List them with');
  });

  it('are found by the beginning of their ids, if only one begins like that', async () => {
    const records = await setUp();
    const { id } = await records.create('tiny', 'textcraftor', {}, graph);
    const other = await records.create('other', 'textcraftor', {}, graph);
    expect(await records.resolve('ti')).toBe(id);
    expect(await records.resolve(other.id.slice(0, -1))).toBe(other.id);
    const second = await records.create('tiny', 'textcraftor', {}, graph);
    expect(await records.matching('ti')).toEqual([id, second.id]);
    await expect(records.resolve('ti')).rejects.toThrow(`2 runs begin with "ti": ${id}, ${second.id}; add more`);
    await expect(records.resolve('')).rejects.toThrow('There is no run ""');
  });

  it('are refused by name when they were changed, with advice', async () => {
    const records = await setUp();
    const { id } = await records.create('tiny', 'textcraftor', { seed: 3 }, graph);
    await records.create('other', 'textcraftor', { seed: 3 }, graph);
    await truncate(join(records.folder(id), 'config.json'), 10);
    await expect(records.config(id)).rejects.toThrow(/config\.json is cut short or overwritten; start the run again/);
    await truncate(join(records.folder(id), 'run.json'), 0);
    await expect(records.read(id)).rejects.toThrow(/run\.json is empty; start the run again with the same settings/);
    const said: string[] = [];
    onNotice((line) => said.push(line));
    expect(await records.ids()).toHaveLength(1);
    onNotice(undefined);
    expect(said).toEqual([expect.stringMatching(/run\.json is empty/)]);
    // The name alone identifies it: the error names it, without a notice.
    onNotice((line) => said.push(line));
    await expect(records.read(id)).rejects.toThrow(/run\.json is empty/);
    onNotice(undefined);
    expect(said).toHaveLength(1);
  });

  it('have a pending stage until its file is written', async () => {
    const records = await setUp();
    const { id } = await records.create('tiny', 'textcraftor', { seed: 3 }, graph);
    await records.own(id);
    await records.saveStage(id, { name: 'a', status: 'ran', seconds: 2 });
    const run = await records.read(id);
    expect(run.stages).toEqual([
      { name: 'a', status: 'ran', seconds: 2 },
      { name: 'b', status: 'pending', seconds: 0 },
    ]);
    expect(await records.config(id)).toEqual({ seed: 3 });
    await records.clearStages(id);
    expect((await records.read(id)).stages[0]?.status).toBe('pending');
  });

  it('say that a run is interrupted when no process owns it any more', async () => {
    const records = await setUp();
    const { id } = await records.create('tiny', 'textcraftor', {}, graph);
    await records.saveStage(id, { name: 'a', status: 'running', seconds: 2 });
    expect(await records.read(id)).toMatchObject({ status: 'interrupted', stages: [{ status: 'interrupted' }, {}] });
    await records.own(id, '127.0.0.1:1');
    expect(await records.read(id)).toMatchObject({ status: 'running', stages: [{ status: 'running' }, {}] });
    expect(await records.owner(id)).toMatchObject({ pid: process.pid, address: '127.0.0.1:1' });
    const past = Date.now() / 1000 - 60;
    await utimes(join(records.folder(id), 'owner.json'), past, past);
    expect((await records.read(id)).status).toBe('interrupted');
    await records.setAddress(id, 'server:7233'); // its workers are elsewhere
    expect((await records.read(id)).status).toBe('running');
  });

  it('drop an error when the run continues', async () => {
    const records = await setUp();
    const { id } = await records.create('tiny', 'textcraftor', {}, graph);
    await records.setStatus(id, 'failed', { name: 'RunError', message: 'no' });
    expect(await records.read(id)).toMatchObject({
      status: 'failed',
      error: { message: 'no' },
      finishedAt: expect.any(String),
    });
    await records.setStatus(id, 'running');
    const file = await records.file(id);
    expect(file.error).toBeUndefined();
    expect(file.finishedAt).toBeUndefined();
  });
});
