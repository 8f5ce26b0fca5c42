import { mkdir, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { prepareRun } from '../../activities/retrain/prepare-run.ts';
import { InputError } from '../../common/errors.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import type { Batch } from '../../registry/schedules/schedule-files.ts';
import { Schedules } from '../../registry/schedules/schedules.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/pipelines/${name}`, import.meta.url));

const server = { address: '127.0.0.1:1', environment: { PATH: '/nowhere' } };

/** A home with the schedule `a`, which has taken its first batch. */
async function withBatch(more: object = {}): Promise<Home> {
  const home = new Home(await temporaryFolder());
  const schedules = new Schedules(home);
  const config = { name: 'learn', prompts: { source: home.folder }, ...more };
  const at = new Date(0).toISOString();
  const kept = { name: 'a', pipeline: fixture('learn.ts'), config, warmStart: true, minimumPrompts: 1, createdAt: at };
  await mkdir(schedules.folder('a'), { recursive: true });
  await schedules.save(kept);
  const owner = { workflowId: 'w', runId: 'r' };
  const batch: Batch = { number: 1, status: 'taken', owner, takenAt: at, rows: 1, files: [] };
  await schedules.commit('a', await schedules.draft('a'), batch);
  return home;
}

it('a scheduled run carries the digests of the code that planned it', async () => {
  const home = await withBatch();
  const id = await prepareRun(home, 'a', 1, server);
  const code = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
  expect((await new RunRecords(home).file(id)).planned).toEqual({ 'tune-encoder': { code }, register: { code } });
  expect(await prepareRun(home, 'a', 1, server)).toBe(id);
});

it('a scheduled run whose programs have gone is refused before it is recorded', async () => {
  const home = await withBatch({ notify: [{ command: ['none-such'] }] });
  await expect(prepareRun(home, 'a', 1, server)).rejects.toThrow(
    new InputError(
      'notify.0.command: no program none-such is on the PATH; correct its name, give its path, or install it.',
    ),
  );
  expect(await readdir(home.runs).catch(() => [])).toEqual([]);
});
