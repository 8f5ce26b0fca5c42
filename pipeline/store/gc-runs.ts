import { readdir, readlink, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { RUN_FILE, type Home } from '../runs/home.ts';
import { ResultIndex, type StageResult } from './stage-results.ts';
import { readSealed } from '../../common/files/sealed.ts';
import { RunRecords, type Run, type StageFile } from '../runs/runs.ts';
import { folderBytes } from './artifact-store.ts';

/** Run records to keep. */
export interface RunsToKeep {
  /** Number of newest runs to keep; all, when this and `keepDays` are left out. */
  keep?: number | undefined;
  /** Runs that ended fewer days ago are kept. */
  keepDays?: number | undefined;
}

/** A run record that nothing needs. */
export interface OldRun {
  run: string;
  folder: string;
  bytes: number;
}

const day = 86_400_000;

/** A run whose record cannot be read. */
export interface DamagedRun {
  run: string;
  folder: string;
  /** Digests of the artifacts that the rest of its folder names. */
  artifacts: ReadonlySet<string>;
}

/** Reads all runs, and what is known of those whose records cannot be read. */
export async function readRuns(home: Home): Promise<{ runs: Run[]; damaged: DamagedRun[] }> {
  const records = new RunRecords(home);
  const ids = await records.ids();
  const known = new Set(ids);
  const damaged: DamagedRun[] = [];
  for (const entry of await readdir(home.runs, { withFileTypes: true }).catch(() => [])) {
    const folder = join(home.runs, entry.name);
    if (entry.isDirectory() && !known.has(entry.name) && (await isBegun(folder)))
      damaged.push({ run: entry.name, folder, artifacts: await artifactsNamedIn(folder) });
  }
  return { runs: await Promise.all(ids.map((id) => records.read(id))), damaged };
}

/** Returns the digests in the records of a run's stages and in its links to their artifacts. */
async function artifactsNamedIn(folder: string): Promise<Set<string>> {
  const names = (part: string) => readdir(join(folder, part)).catch(() => []);
  const found = new Set<string>();
  for (const name of await names('artifacts'))
    found.add(basename(await readlink(join(folder, 'artifacts', name)).catch(() => '')));
  for (const name of await names('stages')) {
    const stage = await readSealed<StageFile>(join(folder, 'stages', name)).catch(() => undefined);
    if (stage?.artifact) found.add(stage.artifact.sha256);
  }
  return found;
}

/**
 * Finds the runs that are old by number or age and that no kept run needs: see {@link neededRuns}.
 * @param named ids of runs to keep whatever their age
 */
export async function oldRuns(
  home: Home,
  { runs, damaged }: { runs: readonly Run[]; damaged: readonly DamagedRun[] },
  { keep, keepDays }: RunsToKeep,
  named: ReadonlySet<string>,
  now: number,
): Promise<OldRun[]> {
  if (keep === undefined && keepDays === undefined) return [];
  const needed = await neededRuns(home, runs, damaged, named);
  const old: OldRun[] = [];
  // The oldest come first.
  for (const [i, run] of runs.entries()) {
    const isNew = keep !== undefined && runs.length - i <= keep;
    const isYoung = keepDays !== undefined && now - Date.parse(run.finishedAt ?? run.createdAt) < keepDays * day;
    if (isNew || isYoung || isActive(run) || needed.has(run.id)) continue;
    old.push({ run: run.id, folder: run.folder, bytes: await folderBytes(run.folder) });
  }
  return old;
}

/** Returns whether a run is running or paused; failed, cancelled and interrupted runs are not active. */
export function isActive({ status }: Run): boolean {
  return status === 'running' || status === 'paused';
}

/**
 * Returns the named runs, and the runs that made what an active run, or one that may be active, continues with, with all
 * its ancestors.
 */
async function neededRuns(
  home: Home,
  runs: readonly Run[],
  damaged: readonly DamagedRun[],
  named: ReadonlySet<string>,
): Promise<Set<string>> {
  const needed = new Set(named);
  const inUse = new Set(runs.filter(isActive).flatMap(({ stages }) => stages.map(({ artifact }) => artifact?.sha256)));
  for (const { artifacts } of damaged) for (const sha256 of artifacts) inUse.add(sha256);
  const results = await new ResultIndex(home.results).list();
  const used = results.filter(
    ({ artifact, run }) => inUse.has(artifact.sha256) || damaged.some((each) => each.run === run),
  );
  for (const { run } of withAncestors(used, results)) needed.add(run);
  return needed;
}

async function isBegun(folder: string): Promise<boolean> {
  return stat(join(folder, RUN_FILE)).then(
    () => true,
    () => false,
  );
}

/** Returns the results with all results that they were made from. */
export function withAncestors(kept: readonly StageResult[], all: readonly StageResult[]): Set<StageResult> {
  const byKey = new Map(all.map((result) => [`${result.parts.stage} ${result.key}`, result]));
  const found = new Set<StageResult>();
  const visit = (result: StageResult): void => {
    if (found.has(result)) return;
    found.add(result);
    for (const [stage, key] of Object.entries(result.inputKeys)) {
      const input = byKey.get(`${stage} ${key}`);
      if (input) visit(input);
    }
  };
  kept.forEach(visit);
  return found;
}
