import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RUN_FILE, type Home } from '../runs/home.ts';
import { isLeased } from '../runs/lease.ts';
import { ResultIndex, type ItemResult, type StageResult } from './stage-results.ts';
import {
  isActive,
  oldRuns,
  readRuns,
  withAncestors,
  type DamagedRun,
  type OldRun,
  type RunsToKeep,
} from './gc-runs.ts';
import type { Run } from '../runs/runs.ts';
import { ArtifactStore, folderBytes } from './artifact-store.ts';

/** With `keep` or `keepDays`, older runs no longer need anything, and their records are deleted too. */
export interface GarbageOptions extends RunsToKeep {
  /** Digests always kept: those that the registry names. */
  protectedDigests: ReadonlySet<string>;
  /** Ids of runs whose records are kept: those that the registry and schedules name. */
  protectedRuns: ReadonlySet<string>;
  now?: number;
}

/** What nothing needs any longer. */
export interface Garbage {
  artifacts: { sha256: string; bytes: number }[];
  results: StageResult[];
  items: ItemResult[];
  /** Unfinished work, not touched for long: checkpoints. */
  work: { folder: string; bytes: number }[];
  /** Records of old runs. */
  runs: OldRun[];
  /** Runs whose records cannot be read, so that whatever they may need is kept. */
  damaged: DamagedRun[];
  bytes: number;
  /** Number of deleted results by stage; a run that needs one makes it again. */
  uncacheable: Record<string, number>;
}

/** An artifact younger than this may not have been recorded yet. */
const settledMilliseconds = 3_600_000;
/** Checkpoints are kept this long for a resume. */
const workDays = 30;
const day = 86_400_000;

/**
 * Finds the artifacts that no run and no registry entry needs, with their results, and abandoned work. A run needs what its
 * stages made or reused; an unfinished run needs everything made for its stages.
 */
export async function findGarbage(home: Home, options: GarbageOptions): Promise<Garbage> {
  const { keep, keepDays, now = Date.now() } = options;
  const [index, store] = [new ResultIndex(home.results), new ArtifactStore(home.artifacts)];
  const { runs: all, damaged } = await readRuns(home);
  const old = await oldRuns(home, { runs: all, damaged }, { keep, keepDays }, options.protectedRuns, now);
  const gone = new Set(old.map(({ run }) => run));
  const runs = all.filter((run) => !gone.has(run.id) && counts(run, keepDays, keep, now));
  const needed = new Set(options.protectedDigests);
  for (const { stages } of runs) for (const { artifact } of stages) if (artifact) needed.add(artifact.sha256);
  for (const { artifacts } of damaged) for (const sha256 of artifacts) needed.add(sha256);
  const unknown = new Set(damaged.map(({ run }) => run));
  const atWork = new Set(unknown);
  for (const { id, status } of runs) if (status !== 'completed') atWork.add(id);

  const young = (time: string): boolean => now - Date.parse(time) < settledMilliseconds;
  const results = await index.list();
  const kept = results.filter(
    (each) => needed.has(each.artifact.sha256) || unknown.has(each.run) || young(each.createdAt),
  );
  const keptKeys = new Set(kept.map(({ key }) => key));
  const items = await index.listItems();
  const keptItems = items.filter(
    (each) => keptKeys.has(each.stageKey) || atWork.has(each.run) || young(each.createdAt),
  );
  for (const { artifact } of [...kept, ...keptItems]) needed.add(artifact.sha256);

  const artifacts: Garbage['artifacts'] = [];
  for (const { sha256, changedAt } of await store.list())
    if (!needed.has(sha256) && now - changedAt > settledMilliseconds)
      artifacts.push({ sha256, bytes: await folderBytes(store.folder(sha256)) });
  // Whose work it is, only the runs' records say.
  const work = damaged.length > 0 ? [] : await oldWork(home, Math.min(keepDays ?? workDays, workDays), now);

  // Ancestors of kept results stay on record without their artifacts, so that lineages can be traced.
  const ancestors = withAncestors(kept, results);
  const goingResults = results.filter((each) => !ancestors.has(each));
  const keptSet = new Set(keptItems);
  const goingItems = items.filter((each) => !keptSet.has(each));
  const going = new Set(artifacts.map(({ sha256 }) => sha256));
  const uncacheable: Record<string, number> = {};
  for (const { artifact, parts } of results)
    if (going.has(artifact.sha256)) uncacheable[parts.stage] = (uncacheable[parts.stage] ?? 0) + 1;
  const bytes = [...artifacts, ...work, ...old].reduce((sum, each) => sum + each.bytes, 0);
  return { artifacts, results: goingResults, items: goingItems, work, runs: old, damaged, bytes, uncacheable };
}

/** Deletes the garbage; references to an artifact are deleted before the artifact. */
export async function removeGarbage(home: Home, { artifacts, results, items, work, runs }: Garbage): Promise<void> {
  const [index, store] = [new ResultIndex(home.results), new ArtifactStore(home.artifacts)];
  for (const { folder } of runs) await removeRun(folder);
  for (const result of results) await index.remove(result);
  for (const item of items) await index.removeItem(item);
  for (const { sha256 } of artifacts) await store.remove(sha256);
  for (const { folder } of work) await rm(folder, { recursive: true, force: true });
}

/** Removes a run, its record first, so that half a folder is never taken for a run. */
async function removeRun(folder: string): Promise<void> {
  await rm(join(folder, RUN_FILE), { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
}

/** Returns whether a run whose record is kept needs its artifacts. The registry itself names those it needs. */
function counts(run: Run, keepDays: number | undefined, keep: number | undefined, now: number): boolean {
  if (keepDays === undefined || keep !== undefined || isActive(run)) return true;
  return now - Date.parse(run.finishedAt ?? run.createdAt) < keepDays * day;
}

async function oldWork(home: Home, days: number, now: number): Promise<Garbage['work']> {
  const found: Garbage['work'] = [];
  for (const name of await readdir(home.works).catch(() => [])) {
    const folder = join(home.works, name);
    const times = await Promise.all(
      ['', 'seconds', 'start-ups', 'scratch'].map((file) =>
        stat(join(folder, file)).then(
          ({ mtimeMs }) => mtimeMs,
          () => 0,
        ),
      ),
    );
    if (now - Math.max(...times) > days * day && !(await isLeased(folder)))
      found.push({ folder, bytes: await folderBytes(folder) });
  }
  return found;
}
