import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { prepareRun } from '../../activities/retrain/prepare-run.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import type { Batch } from '../../registry/schedules/schedule-files.ts';
import { Schedules } from '../../registry/schedules/schedules.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/pipelines/${name}`, import.meta.url));

it('a scheduled run carries the digests of the code that planned it', async () => {
  const home = new Home(await temporaryFolder());
  const [schedules, records] = [new Schedules(home), new RunRecords(home)];
  const config = { name: 'learn', prompts: { source: home.folder } };
  const at = new Date(0).toISOString();
  const kept = { name: 'a', pipeline: fixture('learn.ts'), config, warmStart: true, minimumPrompts: 1, createdAt: at };
  await mkdir(schedules.folder('a'), { recursive: true });
  await schedules.save(kept);
  const owner = { workflowId: 'w', runId: 'r' };
  const batch: Batch = { number: 1, status: 'taken', owner, takenAt: at, rows: 1, files: [] };
  await schedules.commit('a', await schedules.draft('a'), batch);
  const id = await prepareRun(home, 'a', 1, '127.0.0.1:1');
  const code = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
  expect((await records.file(id)).planned).toEqual({ 'tune-encoder': { code }, register: { code } });
  expect(await prepareRun(home, 'a', 1, '127.0.0.1:1')).toBe(id);
});
