import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { fromErrorRecord } from '../../common/error-record.ts';
import { CancelledError, RunError } from '../../common/errors.ts';
import { reasonOf } from '../../common/text/reason.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords, type Run, type RunStatus } from '../../pipeline/runs/runs.ts';
import { interruption, unlessInterrupted, whenInterrupted } from '../../common/interrupt.ts';
import { removeDatabase } from '../../temporal/server/database-file.ts';
import { databaseName } from '../../temporal/server/dev-server.ts';
import { searchAttributeAdvice } from '../../temporal/server/server-attributes.ts';
import { openServer, type ConfiguredServer } from '../../temporal/server/server-connection.ts';
import type { TemporalServer } from '../../temporal/server/temporal-server.ts';
import { startWorkers, type Workers } from '../../temporal/workers.ts';
import { resumeAdvice } from './resume-advice.ts';
import { DiskWatch } from './disk-watch.ts';
import type { RunView } from './run-view.ts';
import { launchWorkflow, untilClosed } from '../../temporal/run-workflow.ts';

export interface ExecuteOptions {
  home: Home;
  /** Id of a run that has a record. */
  id: string;
  /** Stages to run again even if they have results. */
  fresh: readonly string[];
  view: RunView;
  /** The user's Temporal server; undefined starts one for the run. */
  configured: ConfiguredServer | undefined;
  /** Environment of the stages' processes. */
  environment: NodeJS.ProcessEnv;
  /** Called with each message to the user, one line. */
  note(line: string): void;
}

const watchMilliseconds = 250;
const ownMilliseconds = 3000;
/** A stage's process has 10 s to end, and the server needs a moment to report it. */
const cancelMilliseconds = 20_000;
const endMilliseconds = 30_000;

/**
 * Executes a run to its end: opens a Temporal server, starts workers if there are none, starts or resumes the workflow,
 * and watches it. Leaves no process behind.
 *
 * @throws the error of the stage that failed; CancelledError when the run was cancelled or the command interrupted
 * @example
 * ```ts
 * import { resolve } from 'node:path';
 * import { readConfiguration } from './api/configuration.ts';
 * import { createRun } from './api/runs/create-run.ts';
 * import { executeRun } from './api/runs/execute-run.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const home = new Home(resolve('.textcraftor'));
 * const configuration = await readConfiguration(home, { folder: process.cwd(), hub: { cache: 'hub' } });
 * const { id } = await createRun(home, configuration);
 * const run = await executeRun({
 *   home,
 *   id,
 *   fresh: [],
 *   view: { update: () => {}, end: ({ status }) => console.log(status) },
 *   configured: undefined,
 *   environment: process.env,
 *   note: console.log,
 * });
 * console.log(run.stages.map(({ name, status }) => `${name}: ${status}`));
 * ```
 */
export async function executeRun(options: ExecuteOptions): Promise<Run> {
  const { home, id, fresh, note } = options;
  const records = new RunRecords(home);
  const interrupted = interruption();
  const again = resumeAdvice(id);
  whenInterrupted(again);
  await records.claim(id, interrupted);
  const database = join(records.folder(id), databaseName);
  await removeDatabase(database); // left by a server that has ended; the store holds all results
  const disk = new DiskWatch(home.folder, again, note);
  let server: TemporalServer | undefined;
  const own = (): Promise<void> =>
    records.own(id, server?.address, server?.owned).then(
      () => disk.wrote(undefined),
      (error: unknown) => disk.wrote(error),
    );
  const owning = setInterval(() => void own(), ownMilliseconds);
  let workers: Workers | undefined;
  try {
    server = await openServer(home, records.folder(id), options.configured);
    await own();
    interrupted.throwIfAborted();
    // Before the workers, which would otherwise pick up the tasks of a dead worker.
    const { workflow, alone, searchable } = await unlessInterrupted(launchWorkflow(home, server, id, fresh));
    if (!searchable)
      note(`${server.address} cannot find runs by stage, model or status until: ${searchAttributeAdvice}`);
    if (alone) {
      if (!server.owned) note(`No worker listens on ${server.address}; this command does the work.`);
      const { connection, namespace, address } = server;
      workers = await startWorkers({
        connection,
        namespace,
        address,
        home,
        environment: options.environment,
        queues: ['pipeline', 'engine'],
      });
    }
    return await follow(options, records, workflow, { workers, disk, lost: server.lost });
  } finally {
    clearInterval(owning);
    await inTime(workers?.stop());
    await inTime(server?.close());
    if (server?.owned) await removeDatabase(database);
    await records.disown(id);
  }
}

async function follow(
  { id, view, note }: ExecuteOptions,
  records: RunRecords,
  workflow: WorkflowHandle,
  { workers, disk, lost }: { workers: Workers | undefined; disk: DiskWatch; lost: TemporalServer['lost'] },
): Promise<Run> {
  const interrupted = interruption();
  const cancel = (): void => void workflow.cancel().catch(() => {});
  if (interrupted.aborted) cancel();
  interrupted.addEventListener('abort', cancel);
  let end: { error?: unknown } | undefined;
  const wake = new AbortController();
  const ended = (error?: unknown): void => {
    end ??= { error };
    wake.abort();
  };
  const watch = new AbortController();
  untilClosed(workflow, watch.signal).then(() => ended(), ended);
  void lost?.then(ended);
  workers?.running.then(() => ended(new RunError('The worker has stopped.')), ended);
  let paused = false;
  try {
    for (;;) {
      await sleep(watchMilliseconds, undefined, { signal: wake.signal }).catch(() => {});
      disk.check();
      const run = await records.read(id);
      view.update(run);
      if (run.status === 'paused' && !paused) note(`Run ${id} is paused; ${resumeAdvice(id)}`);
      paused = run.status === 'paused';
      if (interrupted.aborted) await sleep(cancelMilliseconds, undefined, { signal: wake.signal }).catch(() => {});
      if (interrupted.aborted || end || !goesOn.has(run.status))
        return conclude(await records.read(id), end?.error, view, interrupted);
    }
  } finally {
    interrupted.removeEventListener('abort', cancel);
    watch.abort();
  }
}

/**
 * `interrupted` means that no process has renewed its claim on the run for a while. This one still runs it: its clock
 * jumped, or it was suspended.
 */
const goesOn: ReadonlySet<RunStatus> = new Set(['running', 'paused', 'interrupted']);

/** Waits for something to end, but not forever: a server that cannot write to a full disk does not answer. */
async function inTime(end: Promise<void> | undefined): Promise<void> {
  await Promise.race([end, sleep(endMilliseconds, undefined, { ref: false })]);
}

/** Returns the finished run, or throws what stopped it. */
function conclude(run: Run, error: unknown, view: RunView, interrupted: AbortSignal): Run {
  view.end(run);
  const again = resumeAdvice(run.id, run.error, ...run.stages.map(({ error }) => error));
  if (interrupted.aborted) throw new CancelledError(`Run ${run.id} was interrupted; ${again}`);
  if (run.status === 'cancelled') throw new CancelledError(`Run ${run.id} was cancelled; ${again}`);
  if (run.status === 'completed') return run;
  if (run.error) {
    const cause = fromErrorRecord(run.error);
    cause.message = `${cause.message} (${again})`;
    throw cause;
  }
  const reason =
    error instanceof WorkflowFailedError
      ? reasonOf(error.cause ?? error)
      : error instanceof WorkflowNotFoundError
        ? 'its Temporal server no longer knows it, since its database was damaged'
        : reasonOf(String(error));
  throw new RunError(`Run ${run.id} ended: ${reason}; ${again}`);
}
