import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HELD_OUT, ORACLE } from '../../evaluation/evaluation-names.ts';
import { CHOSEN } from '../../evaluation/arms/arm-names.ts';
import type { NamedComparison } from '../../evaluation/results.ts';
import { RUN_FILE, type Home } from '../../pipeline/runs/home.ts';
import { RunRecords, type RunStatus } from '../../pipeline/runs/runs.ts';
import { settingChanges, type SettingChange } from './setting-changes.ts';
import { watchedRun, type WatchedRun } from './watched-run.ts';

/** A line of the table of runs. */
export interface RunRow {
  run: string;
  status: RunStatus;
  gamed: boolean;
  createdAt: string;
  finishedAt?: string;
  stages: { total: number; done: number; current?: string };
  /** The chosen encoder against the base: by the exact judge, else the held-out reward, else the first trained one. */
  score?: NamedComparison;
  /** Settings that differ from those of the run before it; absent for the first. */
  changes?: SettingChange[];
  /** Says what is damaged. */
  damage?: string;
}

/** Most changed settings that a line lists. */
const MOST_CHANGES = 12;

/**
 * Reads the table of runs again and again; runs that have ended are read once.
 * @example
 * ```ts
 * import { RunRows } from './api/watch/run-rows.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const rows = new RunRows(new Home('.textcraftor'));
 * for (const { run, status, score } of await rows.read()) console.log(run, status, score?.mean);
 * ```
 */
export class RunRows {
  readonly #home: Home;
  readonly #ended = new Map<string, { stamp: string; run: WatchedRun }>();

  constructor(home: Home) {
    this.#home = home;
  }

  /** Returns the runs, the latest first. Leaves out damaged records and reports them. */
  async read(): Promise<RunRow[]> {
    const ids = await new RunRecords(this.#home).ids();
    for (const id of this.#ended.keys()) if (!ids.includes(id)) this.#ended.delete(id);
    const runs: WatchedRun[] = [];
    for (const id of ids) runs.push(await this.#run(id));
    return runs.map((run, i) => rowOf(run, runs[i - 1])).toReversed();
  }

  async #run(id: string): Promise<WatchedRun> {
    const { mtimeMs, size } = await stat(join(this.#home.run(id), RUN_FILE));
    const stamp = `${mtimeMs} ${size}`;
    const known = this.#ended.get(id);
    if (known?.stamp === stamp) return known.run;
    const run = await watchedRun(this.#home, id);
    if (run.workers === 'none') this.#ended.set(id, { stamp, run });
    return run;
  }
}

function rowOf(run: WatchedRun, before: WatchedRun | undefined): RunRow {
  const { run: id, status, gamed, createdAt, finishedAt, stages, damage } = run;
  const current = stages.find((stage) => stage.status === 'running')?.name;
  const done = stages.filter((stage) => stage.status === 'ran' || stage.status === 'reused').length;
  const score = scoreOf(run.comparisons);
  return {
    run: id,
    status,
    gamed,
    createdAt,
    ...(finishedAt === undefined ? {} : { finishedAt }),
    stages: { total: stages.length, done, ...(current === undefined ? {} : { current }) },
    ...(score ? { score } : {}),
    ...(before ? { changes: settingChanges(before.configuration, run.configuration).slice(0, MOST_CHANGES) } : {}),
    ...(damage === undefined ? {} : { damage }),
  };
}

function scoreOf(comparisons: readonly NamedComparison[]): NamedComparison | undefined {
  const chosen = comparisons.filter(({ arm }) => arm === CHOSEN);
  const by = (name: string) => chosen.find(({ metric }) => metric === name);
  return by(ORACLE) ?? by(HELD_OUT) ?? chosen[0];
}
