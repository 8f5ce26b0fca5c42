import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { armFault, faultPoint } from '../common/fault-points.ts';
import { TextcraftorError } from '../common/errors.ts';
import { forgetRegistered } from '../registry/registered.ts';
import { registerStage } from '../registry/version.ts';
import { noItems } from '../pipeline/runs/item-counts.ts';
import { RunRecords, type ItemCounts } from '../pipeline/runs/runs.ts';
import { announce } from './announce.ts';
import { failure } from './failure.ts';
import { registerEncoder } from './register-version.ts';
import { FanOutRunner } from './execution/fan-out-runner.ts';
import { LaneJournal } from './execution/lane-journal.ts';
import { StageJournal } from './execution/stage-journal.ts';
import { StageRunner } from './execution/stage-runner.ts';
import type { ItemList, RunActivities, RunChange, StageOutcome, StageTask, Unfinished } from './stage-task.ts';
import { readChange, readTask } from './read-message.ts';
import { Workbench, type AttemptHooks, type WorkbenchOptions, type WorkSource } from './execution/workbench.ts';

/** The outcome of a stage, or of a part of one. */
export type StageAnswer = StageOutcome | Unfinished | ItemList | ItemCounts;

const heartbeatMilliseconds = 1000;

/**
 * Returns the activities of a worker. Activities are named after stages and `default` handles every name, so one worker
 * serves every pipeline.
 */
export function createActivities(options: WorkbenchOptions): RunActivities & { default: typeof runStage } {
  const records = new RunRecords(options.home);
  armFault(options.fault);
  const parts = new StageParts(records, options);

  async function runStage(message: StageTask): Promise<StageAnswer> {
    const context = Context.current();
    const { info, cancellationSignal: signal } = context;
    const { task, source } = await asked(() => readTask(records, message));
    const journal = await StageJournal.open(records, task, info.attempt);
    // On a timer rather than with the progress: a step may take minutes.
    const beat = setInterval(() => {
      faultPoint('heartbeat');
      context.heartbeat(journal.progress);
    }, heartbeatMilliseconds);
    const { attempt } = info;
    const hooks: AttemptHooks = {
      attempt,
      signal,
      log: journal.log,
      onStart: (why, key) => journal.started(why, key),
      onProgress: (progress) => journal.progressed(progress),
      onBody: (seconds, setUpSeconds) => journal.worked(seconds, setUpSeconds),
    };
    try {
      const answer = await parts.run(task, source, journal, hooks);
      faultPoint('activity-completion');
      return answer;
    } catch (error) {
      const cancelled = signal.aborted;
      const passes = error instanceof TextcraftorError && error.retryable;
      // The record is the whole stage's: its other batches continue while this one is retried.
      if (cancelled || !passes || task.part?.kind !== 'batch') await journal.failed(error, cancelled);
      throw cancelled ? cancellation(signal.reason) : failure(error);
    } finally {
      clearInterval(beat);
    }
  }

  async function recordRun(run: string, change: RunChange): Promise<void> {
    await record(run, change).catch((error: unknown) => {
      throw error instanceof ApplicationFailure ? error : failure(error);
    });
  }

  async function record(run: string, change: RunChange): Promise<void> {
    const { id, status, error } = await asked(() => readChange(records, run, change));
    if (status === 'running') await forgetRegistered(records.folder(id));
    else if (status === 'completed' || status === 'failed') await announce(records, id, error, options.environment);
    await records.setStatus(id, status, error);
  }

  return {
    default: runStage,
    recordRun,
  };
}

/** Does what a task asks for: a whole stage, or a part of one that fans out. */
class StageParts {
  readonly #records: RunRecords;
  readonly #home: WorkbenchOptions['home'];
  readonly #stages: StageRunner;
  readonly #fanOuts: FanOutRunner;

  constructor(records: RunRecords, options: WorkbenchOptions) {
    const bench = new Workbench(options);
    this.#records = records;
    this.#home = options.home;
    this.#stages = new StageRunner(bench);
    this.#fanOuts = new FanOutRunner(bench);
  }

  async run(task: StageTask, source: WorkSource, journal: StageJournal, hooks: AttemptHooks): Promise<StageAnswer> {
    const { run, stage, part } = task;
    if (part?.kind === 'batch') {
      const lane = new LaneJournal(this.#records, run, stage, part.lane);
      const counts = await this.#fanOuts.batch(task, part, source, { ...hooks, onCounts: (now) => lane.counted(now) });
      await lane.end(counts);
      return counts;
    }
    const answer =
      part?.kind === 'list'
        ? await this.#fanOuts.list(task, source, hooks)
        : part?.kind === 'gather'
          ? await this.#fanOuts.gather(task, part, source, hooks)
          : await this.#stages.run(task, source, hooks);
    if ('unfinished' in answer) await journal.left();
    else if ('list' in answer) await journal.left(noItems(answer.total));
    else {
      if (stage === registerStage) await registerEncoder(this.#home, run, source.config, answer.artifact);
      await journal.finished(answer, part?.kind === 'gather' ? part.counts : undefined);
    }
    return answer;
  }
}

/** A malformed message never becomes valid. */
async function asked<T>(read: () => Promise<T>): Promise<T> {
  return read().catch((error: unknown) => {
    throw error instanceof TextcraftorError ? failure(error) : error;
  });
}

/** A worker that shuts down leaves its work to another; any other reason ends it. */
function cancellation(reason: unknown): Error {
  const shutdown = reason instanceof CancelledFailure && reason.message === 'WORKER_SHUTDOWN';
  if (shutdown) return ApplicationFailure.create({ message: 'The worker shuts down.', type: 'RetryableError' });
  return reason instanceof CancelledFailure ? reason : new CancelledFailure('The run was cancelled.');
}
