import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { compareRuns } from '../../../api/watch/compare-runs.ts';
import { runCurves } from '../../../api/watch/run-curves.ts';
import { RunRows } from '../../../api/watch/run-rows.ts';
import { settingChanges } from '../../../api/watch/setting-changes.ts';
import { watchedRun } from '../../../api/watch/watched-run.ts';
import { Home } from '../../../pipeline/runs/home.ts';
import { RunRecords } from '../../../pipeline/runs/runs.ts';
import { ArtifactStore } from '../../../pipeline/store/artifact-store.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';
import { checks, recordRun } from '../../studio/finished-run.ts';

let home: Home;
beforeEach(async () => {
  home = new Home(join(await temporaryFolder(), 'home'));
  await mkdir(home.folder);
});

async function damage(id: string, stage: string, file: string): Promise<void> {
  const { stages } = await new RunRecords(home).read(id);
  const { artifact } = stages.find(({ name }) => name === stage)!;
  const path = join(new ArtifactStore(home.artifacts).folder(artifact!.sha256), file);
  const text = await readFile(path, 'utf8');
  await rm(path);
  await writeFile(path, text.replace(/\d/, 'x'));
}

describe('the table of runs', () => {
  it('has the latest first, with its score, its progress and what changed since the run before it', async () => {
    const first = await recordRun(home, 80);
    const second = await recordRun(home, 160, 2);
    expect(await new RunRows(home).read()).toMatchObject([
      {
        run: second,
        status: 'interrupted', // no process owns it
        stages: { total: 5, done: 2 },
        changes: [{ key: 'tuneEncoder.steps', from: 80, to: 160 }],
      },
      { run: first, status: 'completed', stages: { total: 5, done: 5 }, score: { metric: 'oracle', arm: 'chosen' } },
    ]);
  });

  it('follows a run that is not over and reads the others once', async () => {
    const first = await recordRun(home, 80);
    const second = await recordRun(home, 160, 2);
    const rows = new RunRows(home);
    await rows.read();
    await damage(first, 'evaluate', 'comparisons.json');
    await new RunRecords(home).saveStage(second, { name: 'tune-encoder', status: 'ran', seconds: 1 });
    const [latest, earlier] = await rows.read();
    expect(latest).toMatchObject({ stages: { done: 3 } });
    expect(earlier!.damage).toBeUndefined();
  });

  it('is empty in a project without runs', async () => {
    expect(await new RunRows(home).read()).toEqual([]);
  });
});

describe('a run to look at', () => {
  it('tells its graph, its workers and its result, without secrets', async () => {
    const id = await recordRun(home, 80);
    const run = await watchedRun(home, id);
    expect(run).toMatchObject({
      run: id,
      workers: 'none',
      gamed: false,
      graph: [{ name: 'filter' }, { inputs: ['filter'] }, {}, {}, {}],
    });
    expect(run.comparisons.map(({ arm }) => arm)).toContain('chosen');
    expect(JSON.stringify(run)).not.toContain('T0K3N');
    expect(run).not.toHaveProperty('folder');
  });

  it('tells whose workers do it', async () => {
    const records = new RunRecords(home);
    const id = await recordRun(home, 80, 1);
    expect((await watchedRun(home, id)).workers).toBe('gone');
    await records.own(id);
    expect((await watchedRun(home, id)).workers).toBe('own');
    await records.disown(id);
    await records.setAddress(id, 'temporal.example:7233');
    expect(await watchedRun(home, id)).toMatchObject({ workers: 'server', address: 'temporal.example:7233' });
  });

  it('tells that its alarm stopped it', async () => {
    const id = await recordRun(home, 80, 2);
    const error = { name: 'CollapseError', message: 'The rewards are being gamed at step 80.' };
    await new RunRecords(home).saveStage(id, { name: 'tune-encoder', status: 'failed', seconds: 3, error });
    await new RunRecords(home).setStatus(id, 'failed', { name: 'RunError', message: 'tune-encoder failed' });
    expect((await watchedRun(home, id)).gamed).toBe(true);
  });

  it('is shown without what is damaged, which is named', async () => {
    const id = await recordRun(home, 80);
    await damage(id, 'evaluate', 'comparisons.json');
    const run = await watchedRun(home, id);
    expect(run).toMatchObject({ status: 'completed', comparisons: [] });
    expect(run.damage).toContain('The artifact of stage evaluate');
    await writeFile(join(home.run(id), 'config.json'), '{}');
    expect(await watchedRun(home, id)).toMatchObject({ configuration: null });
  });
});

describe('the curves of a run', () => {
  it('are those of its artifact, with the bounds that the records tell', async () => {
    const id = await recordRun(home, 80);
    const [{ stage, training, validation } = {} as never] = await runCurves(home, id);
    expect(stage).toBe('tune-encoder');
    expect(training.series.map(({ name }) => name)).toContain('reward.clip');
    expect(validation.steps).toEqual(checks.map(({ step }) => step));
    const least = Object.fromEntries(validation.series.map(({ name, least }) => [name, least]));
    expect(least).toEqual({ heldOut: undefined, diversity: 0.5 * 0.6, attributes: 0.8 - 0.01, total: undefined });
  });

  it('are those of its unfinished work, without a line that is being written', async () => {
    const id = await recordRun(home, 80, 2);
    const key = 'a'.repeat(64);
    await new RunRecords(home).saveStage(id, { name: 'tune-encoder', status: 'running', seconds: 0, key });
    expect(await runCurves(home, id)).toMatchObject([{ training: { steps: [] } }]);
    const scratch = join(home.work('tune-encoder', key), 'scratch');
    await mkdir(scratch, { recursive: true });
    await writeFile(
      join(scratch, 'metrics.jsonl'),
      '{"step":1,"loss":2}\n{"step":2,"loss":1,"drift":3}\n{"step":3,"lo',
    );
    expect(await runCurves(home, id)).toMatchObject([
      {
        training: {
          steps: [1, 2],
          series: [
            { name: 'loss', values: [2, 1] },
            { name: 'drift', values: [null, 3] },
          ],
        },
      },
    ]);
  });

  it('have at most 2000 points and keep the last', async () => {
    const id = await recordRun(home, 80, 2);
    const key = 'b'.repeat(64);
    await new RunRecords(home).saveStage(id, { name: 'tune-encoder', status: 'running', seconds: 0, key });
    const scratch = join(home.work('tune-encoder', key), 'scratch');
    await mkdir(scratch, { recursive: true });
    const all = Array.from({ length: 5000 }, (_, i) => `{"step":${i + 1},"loss":1}\n`);
    await writeFile(join(scratch, 'metrics.jsonl'), all.join(''));
    const [{ training } = {} as never] = await runCurves(home, id);
    expect(training.steps.length).toBeLessThanOrEqual(2000);
    expect([training.steps[0], training.steps.at(-1)]).toEqual([1, 5000]);
  });
});

describe('runs side by side', () => {
  it('show what differs and how each did', async () => {
    const ids = [await recordRun(home, 80), await recordRun(home, 160)];
    const { runs, settings, metrics } = await compareRuns(home, ids);
    expect(runs.map(({ run }) => run)).toEqual(ids);
    expect(settings).toEqual([{ key: 'tuneEncoder.steps', values: [80, 160] }]);
    expect(metrics.find(({ metric }) => metric === 'oracle')!.values).toMatchObject([
      { arm: 'chosen' },
      { arm: 'chosen' },
    ]);
  });

  it('are compared with the first prompt by prompt, if seeds and test prompts are the same', async () => {
    const ids = [await recordRun(home, 80), await recordRun(home, 160), await recordRun(home, 160, 2)];
    const { runs, arms, unpaired, durations } = await compareRuns(home, ids);
    expect(unpaired).toEqual([null, null, 'one of them has no evaluation yet']);
    expect(arms[0]!.arm).toBe('chosen');
    const oracle = arms[0]!.metrics.find(({ metric }) => metric === 'oracle')!;
    expect(oracle.means[0]).toBe(oracle.means[1]);
    expect(oracle.overBase).toMatchObject([{ ci95: [expect.any(Number), expect.any(Number)] }, {}, null]);
    expect(oracle.overFirst).toMatchObject([null, { mean: 0, ci95: [0, 0], verdict: 'undecided' }, null]);
    expect(runs.map(({ seconds }) => seconds)).toEqual([62.5, 62.5, 25]);
    expect(durations.at(-1)).toEqual({
      stage: 'evaluate',
      values: [{ seconds: 12.5, reused: false }, expect.anything(), null],
    });
  });

  it('are not the same run under two names', async () => {
    const id = await recordRun(home, 80);
    await expect(compareRuns(home, [id, 'latest'])).rejects.toThrow(`${id} is named twice`);
  });

  it.each([[['a']], [['a', 'a']], [['a', 'b', 'c', 'd', 'e', 'f']]])('are two to five, not %j', async (names) => {
    await expect(compareRuns(home, names)).rejects.toThrow('Expected 2 to 5 different runs to compare');
  });
});

it('named items of a list are compared by their names, other lists as a whole', () => {
  const before = { rewards: [{ name: 'clip', weight: 100 }], blends: [0, 1], gone: 1 };
  const after = {
    rewards: [
      { name: 'new', weight: 1 },
      { name: 'clip', weight: 90 },
    ],
    blends: [0, 0.5],
  };
  expect(settingChanges(before, after)).toEqual([
    { key: 'rewards.clip.weight', from: 100, to: 90 },
    { key: 'blends', from: [0, 1], to: [0, 0.5] },
    { key: 'gone', from: 1, to: undefined },
    { key: 'rewards.new.name', from: undefined, to: 'new' },
    { key: 'rewards.new.weight', from: undefined, to: 1 },
  ]);
});
