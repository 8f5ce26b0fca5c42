import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '../../common/errors.ts';
import type { Home } from '../runs/home.ts';
import { ResultIndex, type StageResult } from './stage-results.ts';
import { RunRecords, type Run } from '../runs/runs.ts';
import { folderBytes } from './artifact-store.ts';

/** Which records of runs may go. */
export interface RunsToKeep {
  /** So many of the newest stay; all, when it and `keepDays` are left out. */
  keep?: number | undefined;
  /** Those that ended less days ago stay. */
  keepDays?: number | undefined;
}

/** The record of a run that nothing needs. */
export interface OldRun {
  run: string;
  folder: string;
  bytes: number;
}

const day = 86_400_000;

/**
 * All runs. @throws RunError when one has a record that cannot be read: what it needs is then unknown
 */
export async function readRuns(home: Home): Promise<Run[]> {
  const records = new RunRecords(home);
  const ids = await records.ids();
  const known = new Set(ids);
  for (const entry of await readdir(home.runs, { withFileTypes: true }).catch(() => []))
    if (entry.isDirectory() && !known.has(entry.name) && (await isBegun(join(home.runs, entry.name))))
      throw new RunError(
        `The record of run ${entry.name} cannot be read, so what it needs is not known: bring ${join(home.runs, entry.name, 'run.json')} back, or delete that folder. Nothing was deleted.`,
      );
  return Promise.all(ids.map((id) => records.read(id)));
}

/**
 * The runs that are old by number or by age, and are not needed by what is kept: see {@link neededRuns}.
 * @param named ids of runs that stay whatever their age
 */
export async function oldRuns(
  home: Home,
  runs: readonly Run[],
  { keep, keepDays }: RunsToKeep,
  named: ReadonlySet<string>,
  now: number,
): Promise<OldRun[]> {
  if (keep === undefined && keepDays === undefined) return [];
  const needed = await neededRuns(home, runs, named);
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

/** A run that works, or waits to be gone on with; one that failed, was cancelled or interrupted has had its time. */
export function isActive({ status }: Run): boolean {
  return status === 'running' || status === 'paused';
}

/** The named ones, and those that have made what an active run goes on with, with all that it was made of. */
async function neededRuns(home: Home, runs: readonly Run[], named: ReadonlySet<string>): Promise<Set<string>> {
  const needed = new Set(named);
  const inUse = new Set(runs.filter(isActive).flatMap(({ stages }) => stages.map(({ artifact }) => artifact?.sha256)));
  const results = await new ResultIndex(home.results).list();
  const used = results.filter(({ artifact }) => inUse.has(artifact.sha256));
  for (const { run } of withAncestors(used, results)) needed.add(run);
  return needed;
}

async function isBegun(folder: string): Promise<boolean> {
  return stat(join(folder, 'run.json')).then(
    () => true,
    () => false,
  );
}

/** The results with all that they were made of. */
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
