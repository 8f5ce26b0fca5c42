import type { ErrorRecord } from '../../common/errors.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords, type Run, type RunStatus, type StageFile } from '../../pipeline/runs/runs.ts';

/** A run for machines: the first keys that `run`, `resume`, `status` and `report` print with --json. */
export interface RunSummary {
  run: string;
  status: RunStatus;
  createdAt: string;
  finishedAt?: string;
  folder: string;
  stages: StageFile[];
  error?: ErrorRecord;
}

/**
 * Returns a run's record in the form for machines.
 * @example
 * ```ts
 * import { summarizeRun } from './api/runs/run-summary.ts';
 * import { Home } from './pipeline/runs/home.ts';
 * import { RunRecords } from './pipeline/runs/runs.ts';
 *
 * const run = await new RunRecords(new Home('.textcraftor')).read('latest');
 * console.log(JSON.stringify(summarizeRun(run)));
 * ```
 */
export function summarizeRun({ id, status, createdAt, finishedAt, folder, stages, error }: Run): RunSummary {
  return {
    run: id,
    status,
    createdAt,
    ...(finishedAt === undefined ? {} : { finishedAt }),
    folder,
    stages,
    ...(error ? { error } : {}),
  };
}

/**
 * Lists the runs, the latest last.
 * @example
 * ```ts
 * import { listRuns } from './api/runs/run-summary.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const runs = await listRuns(new Home('.textcraftor'));
 * console.log(runs.filter(({ status }) => status === 'running').map(({ run }) => run));
 * ```
 */
export async function listRuns(home: Home): Promise<RunSummary[]> {
  const records = new RunRecords(home);
  const runs: RunSummary[] = [];
  for (const id of await records.ids()) runs.push(summarizeRun(await records.read(id)));
  return runs;
}

/**
 * Reads the status of a run and its stages.
 * @param name its id, or `latest`
 * @throws InputError when there is no such run
 * @example
 * ```ts
 * import { runStatus } from './api/runs/run-summary.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { status, stages } = await runStatus(new Home('.textcraftor'), 'latest');
 * console.log(status, stages.map(({ name, progress }) => `${name}: ${progress?.step ?? 0}`));
 * ```
 */
export async function runStatus(home: Home, name: string): Promise<RunSummary> {
  return summarizeRun(await new RunRecords(home).read(name));
}
