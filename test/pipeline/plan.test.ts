import { chmod, mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { stagesSchema } from '../../pipeline/store/cache-policy.ts';
import { CodeDigests } from '../../pipeline/keys/code-digests.ts';
import { ExternalDigests } from '../../pipeline/keys/external-inputs.ts';
import { KeyMaker, keyOf } from '../../pipeline/keys/key.ts';
import { traceArtifact } from '../../pipeline/store/lineage.ts';
import { definePipeline, type Pipeline } from '../../pipeline/pipeline.ts';
import { planRun } from '../../pipeline/plan.ts';
import { ResultIndex } from '../../pipeline/store/stage-results.ts';
import { defineStage } from '../../pipeline/stage.ts';
import { ArtifactStore } from '../../pipeline/store/artifact-store.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

const schema = z.strictObject({
  name: z.string(),
  seed: z.int(),
  engine: z.strictObject({ threads: z.int(), xla: z.boolean() }),
  prompts: z.string(),
  train: z.strictObject({ rate: z.number(), steps: z.int() }),
  judge: z.strictObject({ count: z.int() }),
  stages: stagesSchema,
});
type Settings = z.infer<typeof schema>;
const settings: Settings = {
  name: 'test',
  seed: 1,
  engine: { threads: 0, xla: false },
  prompts: '',
  train: { rate: 0.1, steps: 10 },
  judge: { count: 3 },
};
const module = 'stage.ts';

/** read -> train -> judge, and a home with earlier results. */
async function setUp(options: { cache?: 'off'; maximumAgeSeconds?: number } = {}) {
  const root = await temporaryFolder();
  await writeFile(join(root, module), 'export async function run() {}');
  await writeFile(join(root, 'prompts.txt'), 'a cat');
  const age = new Date(Date.now() - 60_000); // settled: its digest is kept
  await utimes(join(root, 'prompts.txt'), age, age);
  const pipeline = definePipeline({
    name: 'test',
    schema,
    root: `file://${root}/`,
    stages: [
      defineStage({
        name: 'read',
        inputs: [],
        module,
        config: (s: Settings) => ({ from: s.prompts }),
        files: (s) => [s.prompts],
      }),
      defineStage({
        name: 'train',
        inputs: ['read'],
        module,
        config: (s: Settings) => s.train,
        engine: true,
        ...options,
      }),
      defineStage({ name: 'judge', inputs: ['train'], module, config: (s: Settings) => s.judge }),
    ],
  });
  const results = new ResultIndex(join(root, 'results'));
  const store = new ArtifactStore(join(root, 'artifacts'));
  const start = { ...settings, prompts: join(root, 'prompts.txt') };
  const keys = () =>
    new KeyMaker(new ExternalDigests(join(root, 'external.json')), new CodeDigests(join(root, 'code.json')));
  const plan = async (changed: Settings = start, fresh: string[] = []) =>
    (await planRun(pipeline, changed, { keys: keys(), results, store }, { fresh: new Set(fresh) })).map(
      ({ stage, action, why }) => [stage, action, why],
    );
  return { root, pipeline, results, store, start, keys, plan };
}

/** Records a result of every stage, with `content`. */
async function doAll(
  { pipeline, results, store, keys, root }: Awaited<ReturnType<typeof setUp>>,
  values: Settings,
  content: (stage: string) => string = (stage) => stage,
  createdAt = new Date().toISOString(),
): Promise<void> {
  const done: Record<string, { sha256: string; key: string }> = {};
  for (const stage of pipeline.stages) {
    const made = Object.fromEntries(stage.inputs.map((name) => [name, done[name]!]));
    const digests = Object.fromEntries(Object.entries(made).map(([name, { sha256 }]) => [name, sha256]));
    const parts = await keys().parts(pipeline as Pipeline<Settings>, stage, values, digests);
    const folder = join(root, `new-${stage.name}`);
    await mkdir(folder);
    await writeFile(join(folder, 'file'), content(stage.name));
    const artifact = await store.commit(folder);
    const inputKeys = Object.fromEntries(Object.entries(made).map(([name, { key }]) => [name, key]));
    await results.save({ key: keyOf(parts), parts, artifact, inputKeys, run: 'run-1', seconds: 2, createdAt });
    done[stage.name] = { sha256: artifact.sha256, key: keyOf(parts) };
  }
}

const reused = ['read', 'train', 'judge'].map((stage) => [stage, 'reuse', 'made by run-1']);

describe('the plan', () => {
  it('runs everything when nothing was done', async () => {
    const { plan } = await setUp();
    expect(await plan()).toEqual([
      ['read', 'run', 'it has no earlier result'],
      ['train', 'run', 'reads read; it has no earlier result'],
      ['judge', 'run', 'reads train; it has no earlier result'],
    ]);
  });

  it('reuses everything when nothing has changed', async () => {
    const home = await setUp();
    await doAll(home, home.start);
    expect(await home.plan()).toEqual(reused);
    // Not part of any key: the folder of the prompts and the number of threads.
    const moved = join(home.root, 'elsewhere');
    await mkdir(moved);
    await writeFile(join(moved, 'prompts.txt'), 'a cat');
    expect(
      await home.plan({ ...home.start, prompts: join(moved, 'prompts.txt'), engine: { threads: 4, xla: false } }),
    ).toEqual(reused);
    await writeFile(join(home.root, module), '// Does nothing.\nexport async function run() {}');
    expect(await home.plan()).toEqual(reused);
  });

  it('runs a stage whose result has files of other sizes than when it was written, or lacks one', async () => {
    const home = await setUp();
    await doAll(home, home.start);
    const [result] = await home.results.list('train');
    const file = join(home.store.folder(result!.artifact.sha256), 'file');
    await chmod(file, 0o644);
    await writeFile(file, 'tr');
    const damaged = (problem: string) => [
      reused[0],
      ['train', 'run', `its earlier result is damaged: file ${problem}`],
      ['judge', 'run', 'reads train'],
    ];
    expect(await home.plan()).toEqual(damaged('has 2 bytes, 5 when it was written'));
    await rm(file);
    expect(await home.plan()).toEqual(damaged('is missing'));
  });

  it('names the changed setting, and runs the stages that follow', async () => {
    const home = await setUp();
    await doAll(home, home.start);
    expect(await home.plan({ ...home.start, train: { rate: 0.2, steps: 10 } })).toEqual([
      reused[0],
      ['train', 'run', 'configuration changed (rate: 0.1 -> 0.2)'],
      ['judge', 'run', 'reads train'],
    ]);
    expect(await home.plan({ ...home.start, judge: { count: 4 } })).toEqual([
      ...reused.slice(0, 2),
      ['judge', 'run', 'configuration changed (count: 3 -> 4)'],
    ]);
  });

  it('names code, prompts, seed and engine', async () => {
    const home = await setUp();
    await doAll(home, home.start);
    expect((await home.plan({ ...home.start, seed: 2 }))[0]).toEqual(['read', 'run', 'seed changed (1 -> 2)']);
    expect((await home.plan({ ...home.start, engine: { threads: 0, xla: true } })).slice(0, 2)).toEqual([
      reused[0],
      ['train', 'run', 'engine changed (xla)'],
    ]);
    await writeFile(home.start.prompts, 'a dog');
    expect((await home.plan())[0]?.[2]).toMatch(
      /^configuration changed \(from: prompts.txt \w+... -> prompts.txt \w+...\)$/,
    );
    await writeFile(join(home.root, module), 'export async function run() { return 1; }');
    expect((await home.plan())[0]?.[2]).toMatch(/^code changed \(stage.ts\); configuration changed/);
  });

  it('runs requested stages again, and those whose artifact is gone', async () => {
    const home = await setUp();
    await doAll(home, home.start);
    expect((await home.plan(home.start, ['train']))[1]).toEqual(['train', 'run', 'it was requested']);
    const [train] = await home.results.list('train');
    await rm(home.store.folder(train!.artifact.sha256), { recursive: true });
    expect((await home.plan())[1]).toEqual(['train', 'run', 'its result was deleted from the store']);
  });

  // However slow the test is.
  const older = (seconds: number) =>
    expect.stringMatching(new RegExp(`^its result is 2\\d\\d s old, more than ${seconds} s$`)) as string;

  it('obeys a cache that is off and a maximum age', async () => {
    const off = await setUp({ cache: 'off' });
    await doAll(off, off.start);
    expect((await off.plan())[1]).toEqual(['train', 'run', 'its cache is off']);
    const aged = await setUp({ maximumAgeSeconds: 100 });
    await doAll(aged, aged.start, (stage) => stage, new Date(Date.now() - 200_000).toISOString());
    expect((await aged.plan())[1]).toEqual(['train', 'run', older(100)]);
  });

  it('obeys a cache that a configuration turns off and an age that it limits, which are in no key', async () => {
    const home = await setUp();
    await doAll(home, home.start, (stage) => stage, new Date(Date.now() - 200_000).toISOString());
    const says = async (stages: unknown) => home.plan({ ...home.start, stages: stagesSchema.parse(stages) });
    expect((await says({ train: { cache: 'off' } }))[1]).toEqual(['train', 'run', 'its cache is off']);
    expect((await says({ train: { maxAge: '3m' } }))[1]).toEqual(['train', 'run', older(180)]);
    expect(await says({ train: { cache: 'on', maxAge: '1h' } })).toEqual(reused);
    expect(() => stagesSchema.parse({ train: { maxAge: '1 week' } })).toThrow(
      'must be a duration such as 30m, 12h or 7d',
    );
  });

  it('stops where a changed stage has the same result', async () => {
    const home = await setUp();
    await doAll(home, home.start);
    const changed = { ...home.start, train: { rate: 0.1, steps: 20 } };
    await doAll(home, changed); // other steps, equal files
    expect(await home.plan(changed)).toEqual(reused);
    expect((await home.results.list('judge')).length).toBe(1);
  });

  it('names a missing file', async () => {
    const home = await setUp();
    await expect(home.plan({ ...home.start, prompts: '/none.txt' })).rejects.toThrow(
      'There is no file or folder /none.txt.',
    );
  });
});

describe('lineage', () => {
  it('goes back to the sources', async () => {
    const home = await setUp();
    await doAll(home, home.start);
    const [judge] = await home.results.list('judge');
    const lineage = await traceArtifact(judge!.artifact.sha256.slice(0, 10), home.results);
    const names = [lineage, lineage.inputs[0]!, lineage.inputs[0]!.inputs[0]!].map(({ result }) => result.parts.stage);
    expect(names).toEqual(['judge', 'train', 'read']);
    await expect(traceArtifact('000000', home.results)).rejects.toThrow('No stage has made an artifact 000000');
    await expect(traceArtifact('00', home.results)).rejects.toThrow('at least 6 digits');
  });
});
