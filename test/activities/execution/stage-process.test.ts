import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { StageOrder } from '../../../activities/execution/stage-messages.ts';
import {
  runStageProcess,
  type OrderOptions,
  type StageProcessOptions,
} from '../../../activities/execution/stage-process.ts';
import { CancelledError } from '../../../common/errors.ts';
import { processExists } from '../../../pipeline/runs/lease.ts';
import type { Progress } from '../../../pipeline/stage.ts';
import type { WorkSettings } from '../../fixtures/pipelines/work.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';
import { until } from '../../setup/watchdog.ts';

const module = fileURLToPath(new URL('../../fixtures/pipelines/work.ts', import.meta.url));

async function setUp(config: WorkSettings) {
  const root = await temporaryFolder();
  const order: StageOrder = {
    module,
    call: { name: 'run' },
    config,
    seed: 1,
    inputs: {},
    output: join(root, 'output'),
    scratch: join(root, 'scratch'),
    lease: { file: join(root, 'lease.json'), attempt: 'mine' },
  };
  await mkdir(order.output);
  await mkdir(order.scratch);
  await writeFile(order.lease.file, '{"attempt": "mine"}');
  const steps: number[] = [];
  const stop = new AbortController();
  const options: StageProcessOptions & OrderOptions = {
    environment: process.env,
    log: join(root, 'logs', 'stage.log'),
    signal: stop.signal,
    onProgress: ({ step }: Progress) => steps.push(step),
  };
  return { root, order, options, steps, stop };
}

describe("a stage's process", () => {
  it('runs the body, reports its progress and keeps its output', async () => {
    const { order, options, steps } = await setUp({ steps: 3 });
    await runStageProcess(order, options);
    expect(await readFile(join(order.output, 'state.txt'), 'utf8')).toMatch(/^[0-9a-f]{64}$/);
    expect(steps.at(-1)).toBe(3);
    expect(await readFile(options.log, 'utf8')).toMatch(/^starts after step 0, pid \d+\n$/);
  });

  it('reports the time in the body, and the part of it before its work began', async () => {
    const { order, options } = await setUp({ steps: 3, milliseconds: 100 });
    const { seconds, setUpSeconds } = await runStageProcess(order, options);
    expect(setUpSeconds).toBeGreaterThan(0.095); // step 1 is its first progress
    expect(seconds - setUpSeconds).toBeGreaterThan(0.19);
  });

  it.each([
    ['InputError', 'InputError', 'step 1 failed on purpose'],
    ['RetryableError', 'RetryableError', 'step 1 failed on purpose'],
    ['TypeError', 'RunError', 'TypeError: step 1 failed on purpose'], // a bug: it would fail again
    ['kill', 'RetryableError', "The stage's process was killed by SIGKILL"],
  ] as const)('gives the error of a body that fails with %s', async (fail, name, message) => {
    const { order, options } = await setUp({ fail });
    await expect(runStageProcess(order, options)).rejects.toThrow(
      expect.objectContaining({ name, message: expect.stringContaining(message) }),
    );
  });

  it('names a module that cannot be loaded', async () => {
    const { order, options } = await setUp({});
    await expect(runStageProcess({ ...order, module: '/none.ts' }, options)).rejects.toThrow(/none\.ts/);
  });

  it('ends at a step when it is cancelled', async () => {
    const { order, options, steps, stop } = await setUp({ steps: 1000, milliseconds: 20 });
    const done = runStageProcess(order, options);
    done.catch(() => {});
    await until('the first step', () => steps.length > 0);
    stop.abort(new CancelledError('Enough.'));
    await expect(done).rejects.toThrow('Enough.');
  });

  it('is killed when it has lost its lease, even while it blocks', async () => {
    const { order, options, steps } = await setUp({ steps: 2, milliseconds: 60_000, block: true });
    const done = runStageProcess(order, options);
    done.catch(() => {});
    await until(
      'the work to start',
      () => readFile(options.log, 'utf8').catch(() => ''),
      (log) => log.includes('starts'),
    );
    await writeFile(order.lease.file, '{"attempt": "another"}');
    await expect(done).rejects.toThrow('killed by SIGKILL');
    expect(steps).toEqual([]);
  });

  it('ends with the process that started it, even while it blocks', async () => {
    const { root, order, options } = await setUp({ steps: 2, milliseconds: 60_000, block: true });
    const parent = join(root, 'parent.mts');
    const spawner = fileURLToPath(new URL('../../../activities/execution/stage-process.ts', import.meta.url));
    await writeFile(
      parent,
      `import { runStageProcess } from ${JSON.stringify(spawner)};
       await runStageProcess(${JSON.stringify(order)}, {
         environment: process.env, log: ${JSON.stringify(options.log)}, signal: new AbortController().signal, onProgress() {},
       });`,
    );
    const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), parent], { stdio: 'ignore' });
    await until(
      'the work to start',
      () => readFile(options.log, 'utf8').catch(() => ''),
      (log) => log.includes('starts'),
    );
    const pid = Number(/pid (\d+)/.exec(await readFile(options.log, 'utf8'))?.[1]);
    expect(processExists(pid)).toBe(true);
    const dead = once(child, 'exit');
    child.kill('SIGKILL');
    await dead;
    await until('the process to end', () => !processExists(pid));
  });
});
