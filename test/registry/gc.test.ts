import { mkdir, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findGarbage, removeGarbage } from '../../pipeline/store/gc.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { ResultIndex, type ItemResult, type StageResult } from '../../pipeline/store/stage-results.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { writeSealed } from '../../common/files/sealed.ts';
import { ArtifactStore } from '../../pipeline/store/artifact-store.ts';
import { protectedByName } from '../../registry/protected.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

const day = 86_400_000;
const none = { protectedDigests: new Set<string>(), protectedRuns: new Set<string>() };

async function setUp() {
  const home = new Home(await temporaryFolder());
  const [records, results, store] = [
    new RunRecords(home),
    new ResultIndex(home.results),
    new ArtifactStore(home.artifacts),
  ];
  const commit = async (text: string) => {
    const folder = join(home.folder, `new-${text}`);
    await mkdir(folder);
    await writeFile(join(folder, 'file'), text);
    return store.commit(folder);
  };
  /** Saves a result of the stage `stage`, made from those of `inputs`. */
  const make = async (stage: string, key: string, run = 'r', inputKeys: Record<string, string> = {}) => {
    const parts = { stage, code: { sha256: '', modules: {}, packages: {} }, config: {}, seed: 1, inputs: {} };
    const result: StageResult = {
      key,
      parts,
      artifact: await commit(key),
      inputKeys,
      run,
      seconds: 1,
      createdAt: new Date().toISOString(),
    };
    await results.save(result);
    return result;
  };
  const run = async (...made: StageResult[]) => {
    const graph = made.map(({ parts }) => ({ name: parts.stage, inputs: [] }));
    const { id } = await records.create('run', 'p', {}, graph);
    for (const { parts, artifact } of made)
      await records.saveStage(id, { name: parts.stage, status: 'ran', seconds: 1, artifact });
    await records.setStatus(id, 'completed');
    return id;
  };
  /** The time two hours later. */
  const later = { now: Date.now() + 2 * 3_600_000 };
  return { home, results, store, records, commit, make, run, later };
}

describe('the garbage', () => {
  it('is everything that no run, registered encoder or other process needs', async () => {
    const { home, make, run, later, store, results } = await setUp();
    const [used, unused, registered] = [await make('train', 'a'), await make('train', 'b'), await make('train', 'c')];
    await run(used);
    const named = { ...none, protectedDigests: new Set([registered.artifact.sha256]) };
    expect((await findGarbage(home, named)).artifacts).toEqual([]); // too young
    const garbage = await findGarbage(home, { ...named, ...later });
    expect(garbage.artifacts).toEqual([{ sha256: unused.artifact.sha256, bytes: 1 }]);
    expect(garbage.uncacheable).toEqual({ train: 1 });
    expect(garbage).toMatchObject({ work: [], runs: [], bytes: 1 });
    expect(await store.has(unused.artifact.sha256)).toBe(true);
    await removeGarbage(home, garbage);
    expect(await store.has(unused.artifact.sha256)).toBe(false);
    expect(await results.find('train', 'b')).toBeUndefined();
    expect(await store.damage(used.artifact.sha256)).toBeUndefined();
    expect((await findGarbage(home, { ...named, ...later })).artifacts).toEqual([]);
  });

  it('ignores runs that ended long ago, on request', async () => {
    const { home, make, run } = await setUp();
    await run(await make('train', 'a'));
    const now = Date.now() + 8 * day;
    expect((await findGarbage(home, { ...none, now })).artifacts).toHaveLength(0);
    expect((await findGarbage(home, { ...none, now, keepDays: 9 })).artifacts).toHaveLength(0);
    expect((await findGarbage(home, { ...none, now, keepDays: 7 })).artifacts).toHaveLength(1);
  });

  it('includes the records of old runs, by number or by age, and everything that only they need', async () => {
    const { home, make, run, later, store } = await setUp();
    const made = [await make('train', 'a'), await make('train', 'b'), await make('train', 'c')];
    const ids = [];
    for (const each of made) ids.push(await run(each));
    expect((await findGarbage(home, { ...none, ...later })).runs).toEqual([]);
    const garbage = await findGarbage(home, { ...none, keep: 1, ...later });
    expect(garbage.runs.map((old) => old.run)).toEqual(ids.slice(0, 2));
    expect(garbage.artifacts.map(({ sha256 }) => sha256).toSorted()).toEqual(
      made
        .slice(0, 2)
        .map(({ artifact }) => artifact.sha256)
        .toSorted(),
    );
    expect(garbage.uncacheable).toEqual({ train: 2 });
    expect(garbage.runs.every(({ bytes }) => bytes > 0)).toBe(true);
    await removeGarbage(home, garbage);
    expect(await new RunRecords(home).ids()).toEqual([ids[2]]);
    expect(await store.damage(made[2]!.artifact.sha256)).toBeUndefined();
    expect((await findGarbage(home, { ...none, keep: 1, ...later })).runs).toEqual([]);
    const now = Date.now() + 8 * day;
    expect((await findGarbage(home, { ...none, keepDays: 9, now })).runs).toEqual([]);
    expect((await findGarbage(home, { ...none, keepDays: 7, now })).runs).toHaveLength(1);
    expect((await findGarbage(home, { ...none, keep: 1, keepDays: 7, now })).runs).toEqual([]);
  });

  it('excludes running and paused runs, and those of a registered encoder or a schedule', async () => {
    const { home, make, run, later } = await setUp();
    const records = new RunRecords(home);
    const [rests, used, first, registered, scheduled, plain] = [
      await run(),
      await run(),
      await run(),
      await run(await make('train', 'a')),
      await run(),
      await run(),
    ];
    await records.setAddress(rests, 'server:7233');
    await records.setStatus(rests, 'paused');
    await records.setGraph(rests, [{ name: 'train', inputs: [] }]);
    const source = await make('read', 'source', used);
    const { artifact } = await make('train', 'b', used, { read: source.key });
    await records.saveStage(rests, { name: 'train', status: 'reused', seconds: 0, artifact });
    const lineage = [{ stage: 'ingest', key: 'k', artifact: 'a', run: first }];
    await writeSealed(join(home.registry, 'tiny', 'versions', '000001.json'), {
      run: registered,
      lineage,
      artifact: { sha256: 'r' },
    });
    await writeSealed(join(home.schedules, 'daily', 'batches', '000001', 'batch.json'), {
      number: 1,
      status: 'used',
      owner: { workflowId: 'w', runId: 'r' },
      takenAt: '2026-11-24',
      rows: 1,
      files: [],
      run: scheduled,
    });
    const protectedRuns = new Set([registered, first, scheduled]);
    expect((await protectedByName(home)).protectedRuns).toEqual(protectedRuns);
    const garbage = await findGarbage(home, { ...none, protectedRuns, keep: 0, ...later });
    expect(garbage.runs.map((old) => old.run)).toEqual([plain]);
  });

  it('is collected beside a run whose record cannot be read, but nothing that it may need', async () => {
    const { home, make, run, records, later } = await setUp();
    const [own, reused, unused] = [
      await make('train', 'a', 'later'),
      await make('read', 'b'),
      await make('train', 'c'),
    ];
    const other = await run(await make('read', 'd'));
    const id = await run(own, reused);
    await records.link(id, 'read', reused.artifact.sha256);
    const made = await make('judge', 'e', id); // not in its stages' records yet
    await writeFile(join(home.run(id), 'run.json'), '');
    await writeFile(join(home.run(id), 'stages/read.json'), '');
    await mkdir(join(home.works, 'train-x/scratch'), { recursive: true });
    const collect = () => findGarbage(home, { ...none, keep: 0, now: later.now + 40 * day });
    const garbage = await collect();
    expect(garbage.damaged.map(({ run, folder }) => [run, folder])).toEqual([[id, home.run(id)]]);
    expect(garbage.runs.map(({ run }) => run)).toEqual([other]);
    const going = new Set(garbage.artifacts.map(({ sha256 }) => sha256));
    expect([own, reused, made].filter(({ artifact }) => going.has(artifact.sha256))).toEqual([]);
    expect(going.has(unused.artifact.sha256)).toBe(true);
    expect(garbage.work).toEqual([]);
    await rename(home.run(id), join(home.folder, 'aside'));
    expect((await collect()).artifacts).toHaveLength(5);
    expect((await collect()).work).toHaveLength(1);
  });

  it('keeps the records of lineage back to the sources', async () => {
    const { home, make, results, later } = await setUp();
    await make('read', 'source');
    const made = await make('train', 'made', 'r', { read: 'source' });
    const garbage = await findGarbage(home, { ...none, protectedDigests: new Set([made.artifact.sha256]), ...later });
    await removeGarbage(home, garbage);
    expect(garbage.artifacts).toHaveLength(1);
    expect((await results.find('read', 'source'))?.key).toBe('source');
  });

  it('includes the items of stages whose results are deleted, and no others', async () => {
    const { home, make, run, later, commit, results } = await setUp();
    const item = async (stageKey: string, by = 'r'): Promise<ItemResult> => {
      const result = {
        key: `${stageKey}-item`,
        stage: 'each',
        stageKey,
        item: 'i',
        artifact: await commit(`${stageKey}-item`),
        run: by,
        seconds: 1,
        createdAt: new Date().toISOString(),
      };
      await results.saveItem(result);
      return result;
    };
    await run(await make('each', 'kept'));
    await make('each', 'going');
    const [, going] = [await item('kept'), await item('going')];
    const garbage = await findGarbage(home, { ...none, ...later });
    expect(garbage.items).toEqual([going]);
    expect(garbage.artifacts).toHaveLength(2);
    await removeGarbage(home, garbage);
    expect((await results.listItems('each')).map(({ key }) => key)).toEqual(['kept-item']);
  });

  it('includes checkpoints that were not touched for a month', async () => {
    const { home } = await setUp();
    const [old, recent] = [home.work('train', 'old'), home.work('train', 'recent')];
    for (const folder of [old, recent]) {
      await mkdir(join(folder, 'scratch'), { recursive: true });
      await writeFile(join(folder, 'scratch', 'checkpoint'), 'text');
    }
    const past = (Date.now() - 31 * day) / 1000;
    for (const path of [join(old, 'scratch'), old]) await utimes(path, past, past);
    const garbage = await findGarbage(home, none);
    expect(garbage.work).toEqual([{ folder: old, bytes: 4 }]);
  });
});
