import { appendFile, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { readLogs } from '../../api/logs/read-logs.ts';
import { listRuns, runStatus } from '../../api/runs/run-summary.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import type { RunRecords } from '../../pipeline/runs/runs.ts';
import { recordedRun } from '../setup/recorded-run.ts';

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

let home: Home;
let records: RunRecords;
let id: string;
beforeEach(async () => {
  ({ home, records, id } = await recordedRun('first', ['a', 'b']));
  await records.setStatus(id, 'completed');
});

it('lists the runs and tells the status of one', async () => {
  const later = await records.create('later', 'learn.ts', {}, [{ name: 'a', inputs: [] }]);
  expect(await listRuns(home)).toMatchObject([
    { run: id, status: 'completed', stages: [{ name: 'a', status: 'pending' }, { name: 'b' }] },
    { run: later.id },
  ]);
  expect(await runStatus(home, 'latest')).toMatchObject({ run: later.id, folder: home.run(later.id) });
  await expect(runStatus(home, 'firts')).rejects.toThrow('There is no run "firts"; did you mean');
});

describe('the logs of a run', () => {
  it('are read in whole lines, stage by stage', async () => {
    await writeFile(records.log(id, 'b'), 'café\nhalf a li');
    await writeFile(records.log(id, 'a'), 'one\ntwo\n');
    expect(await all(readLogs(home, id))).toEqual([
      { stage: 'a', text: 'one\ntwo\n' },
      { stage: 'b', text: 'café\n' },
    ]);
    expect(await all(readLogs(home, 'latest', { stage: 'b' }))).toEqual([{ stage: 'b', text: 'café\n' }]);
    await expect(all(readLogs(home, id, { stage: 'c' }))).rejects.toThrow('has no stage "c"; did you mean');
  });

  it('are followed to the end of the run', async () => {
    await records.setStatus(id, 'running');
    await records.own(id); // a run without a process is no longer running
    await writeFile(records.log(id, 'a'), 'one\ntw');
    const seen: string[] = [];
    for await (const { text } of readLogs(home, id, { follow: true })) {
      seen.push(text);
      if (text !== 'one\n') continue;
      await appendFile(records.log(id, 'a'), 'o\n');
      await records.setStatus(id, 'completed');
    }
    expect(seen).toEqual(['one\n', 'two\n']);
  });
});
