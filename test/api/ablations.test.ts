import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runAblations } from '../../api/ablations/run-ablations.ts';
import { inLanes } from '../../api/runs/side-by-side.ts';
import { combinations } from '../../evaluation/ablations/setting-combinations.ts';
import { loadConfig } from '../../pipeline/config/config-file.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { ArtifactStore } from '../../pipeline/store/artifact-store.ts';
import { textcraftor } from '../../pipeline/textcraftor.ts';
import { schedulerNames } from '../../models/sampling/scheduler-names.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

describe('ablations', () => {
  it('are every combination of a group, and no more', () => {
    expect(combinations({ a: [1, 2], b: ['x', 'y'] })).toEqual([
      { a: 1, b: 'x' },
      { a: 1, b: 'y' },
      { a: 2, b: 'x' },
      { a: 2, b: 'y' },
    ]);
  });

  it('are valid settings of the configuration, including every scheduler', async () => {
    const settings = ['ablations=[{ evaluate.scheduler: [ddim, euler], evaluate.steps: [4, 8] }]'];
    const config = await loadConfig(textcraftor, { file: 'configs/shapes.yaml', settings, folder: '.' });
    expect(config.ablations).toEqual([{ 'evaluate.scheduler': ['ddim', 'euler'], 'evaluate.steps': [4, 8] }]);
    const evaluate = textcraftor.stages.find(({ name }) => name === 'evaluate')!;
    for (const scheduler of schedulerNames) {
      const own = await loadConfig(textcraftor, {
        file: 'configs/shapes.yaml',
        settings: [`evaluate.scheduler=${scheduler}`, 'evaluate.steps=4'],
        folder: '.',
      });
      // K is the same share of the steps: 7 of 8.
      expect(evaluate.config(own)).toMatchObject({ sampler: { steps: 4, gradientSteps: 4, scheduler } });
    }
  });

  it('are each run once; the page shows the comparisons, or why a run has none', async () => {
    const home = new Home(await temporaryFolder());
    const records = new RunRecords(home);
    const asked: string[][] = [];
    const run = async (settings: readonly string[]): Promise<string> => {
      asked.push([...settings]);
      const record = await records.create('x', 'textcraftor', {}, []);
      await records.save({ ...record, status: 'failed' });
      return record.id;
    };
    const ablations = [{ 'sampler.gradientSteps': [1, 4] }, { 'evaluate.scheduler': ['pndm'] }];
    const page = await runAblations({ home, ablations, out: home.folder, lanes: 2, run, note: () => {} });
    expect(asked).toEqual([['sampler.gradientSteps=1'], ['sampler.gradientSteps=4'], ['evaluate.scheduler="pndm"']]);
    const text = readFileSync(page, 'utf8');
    expect(text).toContain('## sampler.gradientSteps');
    expect(text).toContain('| 4 | failed: see textcraftor status |');
    const found = JSON.parse(readFileSync(join(home.folder, 'ablations.json'), 'utf8')) as { status: string }[][];
    expect(found.map((group) => group.map(({ status }) => status))).toEqual([['failed', 'failed'], ['failed']]);
  });

  it('are not compared by damaged numbers', async () => {
    const home = new Home(await temporaryFolder());
    const [records, store] = [new RunRecords(home), new ArtifactStore(home.artifacts)];
    const output = join(home.folder, 'output');
    mkdirSync(output, { recursive: true });
    writeFileSync(join(output, 'comparisons.json'), '[]');
    const artifact = await store.commit(output);
    const record = await records.create('x', 'textcraftor', {}, [{ name: 'evaluate', inputs: [] }]);
    await records.saveStage(record.id, { name: 'evaluate', status: 'ran', seconds: 1, artifact });
    await records.setStatus(record.id, 'completed');
    const options = { home, ablations: [{ seed: [1] }], out: home.folder, lanes: 1, note: () => {} };
    const run = () => Promise.resolve(record.id);
    await runAblations({ ...options, run });
    rmSync(join(store.folder(artifact.sha256), 'comparisons.json'));
    writeFileSync(join(store.folder(artifact.sha256), 'comparisons.json'), '[ ]');
    await expect(runAblations({ ...options, run })).rejects.toThrow(
      /comparisons\.json has other bytes .* textcraftor resume/,
    );
  });
});

describe('lanes', () => {
  it('run no more items at once than there are lanes, and start in order', async () => {
    const begun: number[] = [];
    let [now, most] = [0, 0];
    await inLanes([1, 2, 3, 4, 5], 2, async (item) => {
      begun.push(item);
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now--;
    });
    expect([begun, most]).toEqual([[1, 2, 3, 4, 5], 2]);
  });
});
