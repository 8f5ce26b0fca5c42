import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StageJournal } from '../../../activities/execution/stage-journal.ts';
import type { StageTask } from '../../../activities/stage-task.ts';
import { Home } from '../../../pipeline/runs/home.ts';
import { RunRecords } from '../../../pipeline/runs/runs.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());
const key = 'a'.repeat(64);
const pass = (seconds: number) => vi.setSystemTime(Date.now() + 1000 * seconds);

async function setUp() {
  const home = new Home(await temporaryFolder());
  const records = new RunRecords(home);
  const { id } = await records.create('test', 'pipeline.ts', {}, [{ name: 'tune', inputs: [] }]);
  const outcome = {
    artifact: { uri: `file://${home.folder}/artifact`, sha256: '0123456789abcdef', bytes: 1000 },
    key,
    run: id,
    reused: false,
    seconds: 0,
  };
  const segment = (number: number, attempt = 1) => {
    const task: StageTask = { run: id, stage: 'tune', inputs: {}, fresh: false, part: { kind: 'segment', number } };
    return StageJournal.open(records, task, attempt);
  };
  return { segment, outcome, stage: async () => (await records.read(id)).stages[0]! };
}

describe('the time lost to the pipeline', () => {
  it('is everything between the start of the first segment and the end of the last except the work itself', async () => {
    const { segment, outcome, stage } = await setUp();
    const first = await segment(0);
    await first.started('it has no earlier result', key);
    pass(105); // 3 s to load, 97 s of steps, 1 s of checkpoints, 4 s to start a process and to leave it
    first.worked(100, 3);
    await first.left();
    pass(2); // until the next one is asked for
    const second = await segment(1);
    await second.started('it has no earlier result', key);
    pass(108);
    second.worked(103, 3); // and 3 s to load what was loaded already
    await second.finished(outcome);
    expect(await stage()).toMatchObject({ status: 'ran', seconds: 215, bodySeconds: 200, artifact: outcome.artifact });
  });

  it('includes the work of an attempt that died', async () => {
    const { segment, outcome, stage } = await setUp();
    const first = await segment(0);
    await first.started('it has no earlier result', key);
    pass(100);
    first.worked(100, 3);
    await first.left();
    await (await segment(1)).started('it has no earlier result', key);
    pass(30); // and is killed
    const again = await segment(1, 2);
    pass(53);
    again.worked(53, 3);
    await again.finished(outcome);
    expect(await stage()).toMatchObject({ seconds: 183, bodySeconds: 150 });
  });
});

it('names the key of its work as soon as it runs, by which its metrics are found', async () => {
  const { segment, stage } = await setUp();
  await (await segment(0)).started('it has no earlier result', key);
  expect(await stage()).toMatchObject({ status: 'interrupted', why: 'it has no earlier result', key });
});
