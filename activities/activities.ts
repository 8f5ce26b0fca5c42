import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { fromErrorRecord, TextcraftorError, toErrorRecord } from '../common/errors.ts';
import { forgetRegistered } from '../pipeline/registry/registered.ts';
import { registerStage } from '../pipeline/registry/version.ts';
import { RunRecords } from '../pipeline/runs.ts';
import { announce } from './announce.ts';
import { registerEncoder } from './register.ts';
import { StageJournal } from './stage-journal.ts';
import { StageRunner, type StageRunnerOptions } from './stage-runner.ts';
import type { RunActivities, RunChange, StageOutcome, StageTask } from './stage-task.ts';

const heartbeatMilliseconds = 1000;

/**
 * The activities of a worker. Temporal's name for a call is the stage's; whichever it is, `default` does it, so one worker
 * serves every pipeline.
 */
export function createActivities(options: StageRunnerOptions): RunActivities & { default: typeof runStage } {
  const records = new RunRecords(options.home);
  const runner = new StageRunner(options);

  async function runStage(task: StageTask): Promise<StageOutcome> {
    const context = Context.current();
    const { info, cancellationSignal: signal } = context;
    const journal = new StageJournal(records, task, info.attempt);
    // A timer, not the progress: a step may take minutes.
    const beat = setInterval(() => context.heartbeat(journal.progress), heartbeatMilliseconds);
    try {
      const { pipeline } = await records.read(task.run);
      const source = { pipeline, config: await records.config(task.run) };
      const outcome = await runner.run(task, source, {
        attempt: info.attempt,
        signal,
        log: journal.log,
        onStart: (why) => journal.started(why),
        onProgress: (progress) => journal.progressed(progress),
      });
      if (task.stage === registerStage) await registerEncoder(options.home, task.run, source.config, outcome.artifact);
      await journal.finished(outcome);
      return outcome;
    } catch (error) {
      const cancelled = signal.aborted;
      await journal.failed(error, cancelled);
      throw cancelled ? cancellation(signal.reason) : failure(error);
    } finally {
      clearInterval(beat);
    }
  }

  async function recordRun(id: string, { status, error }: RunChange): Promise<void> {
    if (status === 'running') await forgetRegistered(records.folder(id));
    else if (status !== 'cancelled') await announce(records, id, error, options.environment);
    await records.setStatus(id, status, error);
  }

  return {
    default: runStage,
    recordRun,
  };
}

/** Ours by their class: Temporal tries again what may pass. Anything else is a bug, and would come again. */
function failure(error: unknown): ApplicationFailure {
  const known = error instanceof TextcraftorError ? error : fromErrorRecord(toErrorRecord(error));
  return ApplicationFailure.create({ message: known.message, type: known.name, nonRetryable: !known.retryable });
}

/** A worker that shuts down leaves its work to another; any other reason is the end of it. */
function cancellation(reason: unknown): Error {
  const shutdown = reason instanceof CancelledFailure && reason.message === 'WORKER_SHUTDOWN';
  if (shutdown) return ApplicationFailure.create({ message: 'The worker shuts down.', type: 'RetryableError' });
  return reason instanceof CancelledFailure ? reason : new CancelledFailure('The run was cancelled.');
}
