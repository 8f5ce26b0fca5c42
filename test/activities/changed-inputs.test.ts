import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { FanOutRunner } from '../../activities/execution/fan-out-runner.ts';
import { StageRunner } from '../../activities/execution/stage-runner.ts';
import type { StageOrder } from '../../activities/execution/stage-messages.ts';
import type { StagePart, StageTask } from '../../activities/stage-task.ts';
import { Workbench } from '../../activities/execution/workbench.ts';
import { InputError, RetryableError } from '../../common/errors.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { noItems } from '../../pipeline/runs/item-counts.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

const pipeline = fileURLToPath(new URL('../fixtures/pipelines/reading.ts', import.meta.url));

/** A home, a file that stages read, and fake bodies that run in this process. */
async function setUp() {
  const folder = await temporaryFolder();
  const [home, source] = [new Home(join(folder, 'home')), join(folder, 'prompts.txt')];
  await writeFile(source, 'a cat\n');
  const state = { during: async (_: StageOrder): Promise<void> => {}, unfinished: false, scratch: [] as string[][] };
  const bench = new Workbench({
    home,
    environment: {},
    startBody: () =>
      Promise.resolve({
        do: async (order) => {
          state.scratch.push(await readdir(order.scratch));
          await writeFile(join(order.scratch, 'checkpoint'), '');
          await writeFile(join(order.output, 'rows.txt'), await readFile(source));
          await state.during(order);
          const common = { seconds: 0, setUpSeconds: 0, ...(state.unfinished ? { unfinished: true as const } : {}) };
          return { ...common, ...(order.call.name === 'items' ? { items: ['one', 'two'] } : {}) };
        },
        close: () => Promise.resolve(),
      }),
  });
  const task = (stage: string, part?: StagePart): StageTask => ({
    run: 'run-1',
    stage,
    inputs: {},
    fresh: false,
    ...(part ? { part } : {}),
  });
  const hooks = {
    attempt: 1,
    signal: new AbortController().signal,
    log: join(folder, 'log'),
    onStart: () => Promise.resolve(),
    onProgress: () => {},
    onBody: () => {},
    onCounts: () => {},
  };
  const from = (beside?: string) => ({ pipeline, config: { source, ...(beside === undefined ? {} : { beside }) } });
  const [single, fan] = [new StageRunner(bench), new FanOutRunner(bench)];
  return {
    source,
    state,
    bench,
    run: (stage: string, beside?: string) => single.run(task(stage), from(beside), hooks),
    segment: (number: number) => single.run(task('cut', { kind: 'segment', number }), from(), hooks),
    list: () => fan.list(task('each'), from(), hooks),
    batch: (list: Awaited<ReturnType<FanOutRunner['list']>>) => {
      if (!('list' in list)) throw new Error('expected a list');
      const part = { kind: 'batch' as const, list: list.list, from: 0, to: 2, lane: 0, before: noItems() };
      return fan.batch(task('each'), part, from(), hooks);
    },
  };
}
const refusal = /prompts\.txt was changed while the stage \w+ read it; run again when nothing writes to it/;

it('a stage whose input changes while it reads has no result, and its next attempt reads the new content', async () => {
  const { source, state, bench, run } = await setUp();
  state.during = () => appendFile(source, 'a dog\n');
  await expect(run('whole')).rejects.toThrow(RetryableError);
  await expect(run('whole')).rejects.toThrow(refusal);
  expect(await bench.results.list()).toEqual([]);
  state.during = async () => {};
  const made = await run('whole');
  if (!('artifact' in made)) throw new Error('expected an artifact');
  expect(await readFile(join(bench.store.folder(made.artifact.sha256), 'rows.txt'), 'utf8')).toBe(
    'a cat\na dog\na dog\n',
  );
  expect(await run('whole')).toMatchObject({ reused: true });
});

it('a fault caused by a changed input is reported as that change; any other fault as itself', async () => {
  const { source, state, run } = await setUp();
  state.during = async () => {
    throw new InputError('line 1 is cut short');
  };
  await expect(run('whole')).rejects.toThrow('line 1 is cut short');
  state.during = async () => {
    await writeFile(source, '');
    throw new InputError('line 1 is cut short');
  };
  await expect(run('whole')).rejects.toThrow(refusal);
});

it('a segment that read a changing input leaves no checkpoint, even if the old content returns', async () => {
  const { source, state, segment } = await setUp();
  state.unfinished = true;
  expect(await segment(0)).toEqual({ unfinished: true });
  state.during = () => writeFile(source, 'a dog\n');
  await expect(segment(1)).rejects.toThrow(refusal);
  await writeFile(source, 'a cat\n');
  state.during = async () => {};
  await segment(1);
  expect(state.scratch).toEqual([[], ['checkpoint'], []]);
});

it('neither a list of items nor an item made from a changing input is kept', async () => {
  const { source, state, bench, list, batch } = await setUp();
  state.during = () => appendFile(source, 'a dog\n');
  await expect(list()).rejects.toThrow(refusal);
  expect(await bench.results.listItems()).toEqual([]);
  state.during = async () => {};
  const listed = await list();
  state.during = async ({ call }) => {
    if (call.name === 'runItem' && call.item === 'two') await appendFile(source, 'a fish\n');
  };
  await expect(batch(listed)).rejects.toThrow(refusal);
  expect((await bench.results.listItems()).map(({ item }) => item).sort()).toEqual(['one', undefined]);
});

it('a file that the configuration does not name counts if the stage declares that it reads it', async () => {
  const { source, run } = await setUp();
  const beside = `${source}.vocabulary`;
  await writeFile(beside, 'a');
  const first = await run('whole', beside);
  expect(await run('whole', beside)).toMatchObject({ reused: true });
  await writeFile(beside, 'b');
  const second = await run('whole', beside);
  expect(second).toMatchObject({ reused: false });
  expect((second as { key?: string }).key).not.toBe((first as { key?: string }).key);
});
