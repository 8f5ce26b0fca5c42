import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { StageRunner } from '../../../activities/execution/stage-runner.ts';
import { Workbench, type AttemptHooks } from '../../../activities/execution/workbench.ts';
import type { StageOutcome, StageTask } from '../../../activities/stage-task.ts';
import { Home } from '../../../pipeline/runs/home.ts';
import { leaveWork } from '../../setup/dead-work.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';
import { until } from '../../setup/watchdog.ts';

const pipeline = fileURLToPath(new URL('../../fixtures/pipelines/diamond.ts', import.meta.url));

async function setUp() {
  const home = new Home(await temporaryFolder());
  const whys: string[] = [];
  const messages: string[] = [];
  const log = join(home.folder, 'stage.log');
  const run = (
    config: object,
    { task = {}, hooks = {} }: { task?: Partial<StageTask>; hooks?: Partial<AttemptHooks> } = {},
  ) =>
    new StageRunner(new Workbench({ home, environment: process.env })).run(
      { run: 'run-1', stage: 'source', inputs: {}, fresh: false, ...task },
      { pipeline, config },
      {
        attempt: 1,
        signal: new AbortController().signal,
        log,
        onStart: (why) => Promise.resolve(void whys.push(why)),
        onProgress: ({ message }) => void (message && messages.push(message)),
        onBody: () => {},
        ...hooks,
      },
    ) as Promise<StageOutcome>;
  return { home, run, whys, messages, log, work: () => readdir(join(home.folder, 'work')).catch(() => []) };
}

describe('running a stage', () => {
  it('is done once; another run reuses it', async () => {
    const { run, whys, work } = await setUp();
    const first = await run({});
    expect(first).toMatchObject({ reused: false, run: 'run-1', artifact: { bytes: 64 } });
    expect(await run({}, { task: { run: 'run-2' } })).toEqual({ ...first, reused: true });
    expect(whys).toEqual(['it has no earlier result']);
    expect(await work()).toEqual([]);
  });

  it('clears what a process left that died right after saving its result', async () => {
    const { home, run, work } = await setUp();
    const first = await run({});
    await leaveWork(home, 'source');
    expect(await run({}, { task: { run: 'run-2' } })).toEqual({ ...first, reused: true });
    expect(await work()).toEqual([]);
  });

  it('runs again when a bit of its result has flipped', async () => {
    const { run, whys } = await setUp();
    const first = await run({});
    const file = join(fileURLToPath(first.artifact.uri), 'state.txt');
    const text = await readFile(file, 'utf8');
    await rm(file);
    await writeFile(file, text.replace(/^./, 'x'));
    expect((await run({})).artifact.sha256).toBe(first.artifact.sha256);
    expect(whys[1]).toBe('its earlier result is damaged: state.txt has other bytes than when it was written');
  });

  it('continues from the checkpoint of an attempt that failed, and ends with the same bytes', async () => {
    const undisturbed = await setUp();
    const { artifact } = await undisturbed.run({ source: { steps: 3, fail: 'kill', failAt: 9 } });
    const { run, log, work } = await setUp();
    const config = { source: { steps: 3, fail: 'kill', failAt: 3 } };
    await expect(run(config)).rejects.toThrow('killed by SIGKILL');
    expect(await work()).toHaveLength(1);
    const resumed = await run(config, { hooks: { attempt: 2 } });
    expect(await readFile(log, 'utf8')).toContain('starts after step 2');
    expect(resumed.artifact.sha256).toBe(artifact.sha256);
    expect(await work()).toEqual([]);
  });

  it('discards checkpoints and results when asked to start afresh', async () => {
    const { run, log, whys } = await setUp();
    const config = { source: { steps: 2, fail: 'kill', failAt: 2 } };
    await expect(run(config)).rejects.toThrow('killed');
    const fresh = { task: { fresh: true } };
    await expect(run(config, fresh)).rejects.toThrow('killed'); // the first time again
    expect((await readFile(log, 'utf8')).match(/starts after step 0/g)).toHaveLength(2);
    expect((await run(config, { ...fresh, hooks: { attempt: 2 } })).reused).toBe(false);
    expect((await run(config, fresh).catch((error: Error) => error.message)) as string).toContain('killed');
    expect(whys.at(-1)).toBe('it was requested');
  });

  it('is joined by a run that needs the same result at the same time', async () => {
    const { run, whys, messages } = await setUp();
    const config = { source: { steps: 5, milliseconds: 300 } };
    const first = run(config);
    await until('the first run to start', () => whys.length === 1);
    const second = await run(config, { task: { run: 'run-2' } });
    expect(second).toEqual({ ...(await first), reused: true });
    expect(messages).toContain('waits for the same work in run run-1');
    expect(whys).toHaveLength(1);
  });

  it('leaves only its scratch folder and its time when it fails', async () => {
    const { run, home, work } = await setUp();
    await expect(run({ source: { fail: 'InputError' } })).rejects.toThrow(
      expect.objectContaining({ name: 'InputError' }),
    );
    const [folder] = await work();
    expect((await readdir(join(home.folder, 'work', folder!))).toSorted()).toEqual(['scratch', 'seconds']);
    await expect(stat(home.artifacts)).rejects.toThrow('ENOENT');
    await expect(stat(home.results)).rejects.toThrow('ENOENT');
  });

  it('hands verified inputs to the body', async () => {
    const { run } = await setUp();
    const source = await run({});
    const left = { stage: 'left', inputs: { source } };
    const done = await run({}, { task: left });
    expect(done.key).not.toBe(source.key);
    await rm(fileURLToPath(source.artifact.uri), { recursive: true });
    await expect(run({ left: { steps: 2 } }, { task: left })).rejects.toThrow('is missing');
  });
});
