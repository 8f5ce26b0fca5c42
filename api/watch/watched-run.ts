import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CollapseError, RunError } from '../../common/errors.ts';
import { readResult } from '../../common/files/result-file.ts';
import { CHOSEN, EXPORTED } from '../../evaluation/arms/arm-names.ts';
import { COMPARISONS, type NamedComparison } from '../../evaluation/results.ts';
import type { GraphNode } from '../../pipeline/graph.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords, type Run } from '../../pipeline/runs/runs.ts';
import { publicConfig } from '../../registry/notify/notify-secrets.ts';
import { verifiedFolders } from '../runs/artifact-folders.ts';
import { summarizeRun, type RunSummary } from '../runs/run-summary.ts';

/**
 * Who works on a run: the process that started it (`own`), the workers of a configured server (`server`), nobody any
 * more although it has not ended (`gone`), nobody because it has ended or is not in progress (`none`).
 */
export type Workers = 'own' | 'server' | 'gone' | 'none';

/** A run as a page shows it. */
export interface WatchedRun extends Omit<RunSummary, 'folder'> {
  graph: GraphNode[];
  workers: Workers;
  /** Address of the configured Temporal server. */
  address?: string;
  /** Time of the last change to its records, ISO 8601. */
  movedAt: string;
  /** Whether its alarm stopped it because it gamed its rewards. */
  gamed: boolean;
  /** Without secrets; null when its record is damaged. */
  configuration: unknown;
  /** The chosen and the exported encoder against the base on test prompts; empty before the evaluation. */
  comparisons: NamedComparison[];
  /** Says which record or artifact is damaged, and how to make it again. */
  damage?: string;
}

/**
 * Reads a run with all that a page shows of it.
 * @param name its id, or `latest`
 * @throws InputError when there is no such run, RunError when its record is damaged
 * @example
 * ```ts
 * import { watchedRun } from './api/watch/watched-run.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { run, workers, comparisons } = await watchedRun(new Home('.textcraftor'), 'latest');
 * console.log(run, workers, comparisons.map(({ metric, mean }) => `${metric} ${mean}`));
 * ```
 */
export async function watchedRun(home: Home, name: string): Promise<WatchedRun> {
  const records = new RunRecords(home);
  const run = await records.read(name);
  const { folder: _, ...summary } = summarizeRun(run);
  return {
    ...summary,
    graph: run.graph,
    workers: workersOf(run),
    ...(run.address === undefined ? {} : { address: run.address }),
    movedAt: new Date(await lastChange(run)).toISOString(),
    gamed: [run.error, ...run.stages.map(({ error }) => error)].some((error) => error?.name === CollapseError.name),
    configuration: null,
    comparisons: [],
    ...(await unlessDamaged(async () => ({ configuration: publicConfig(await records.config(run.id)) }))),
    ...(await unlessDamaged(() => comparisonsOf(home, run))),
  };
}

function workersOf({ status, address }: Run): Workers {
  if (status === 'interrupted') return 'gone';
  if (status !== 'running' && status !== 'paused') return 'none';
  return address === undefined ? 'own' : 'server';
}

/** Records are replaced whole, so their folders change with them. */
async function lastChange({ folder, stages, createdAt }: Run): Promise<number> {
  const lanes = stages.filter(({ items }) => items).map(({ name }) => join('stages', `${name}.lanes`));
  const times = ['', 'stages', ...lanes].map((path) =>
    stat(join(folder, path)).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    ),
  );
  return Math.max(Date.parse(createdAt), ...(await Promise.all(times)));
}

async function comparisonsOf(home: Home, run: Run): Promise<Pick<WatchedRun, 'comparisons'>> {
  const { evaluate } = await verifiedFolders(home, run, ['evaluate']);
  const all = evaluate === undefined ? [] : await readResult(COMPARISONS, evaluate);
  const shown = ({ arm, against }: NamedComparison) => against === 'base' && (arm === CHOSEN || arm === EXPORTED);
  return { comparisons: all.filter(shown) };
}

/** Says in a sentence what is damaged, so that the rest is still shown. */
async function unlessDamaged<T extends object>(read: () => Promise<T>): Promise<T | { damage: string }> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return { damage: error.message };
  }
}
