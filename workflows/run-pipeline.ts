import type { PipelineRun } from './arguments.ts';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import type { RunActivities, RunChange, StageOutcome } from '../activities/stage-task.ts';
import { parse, pipelineRun, resume as resumeShape } from './inputs.ts';
import { cancelUpdate, pauseUpdate, progressQuery, resumeUpdate, type Resume, type RunProgress } from './messages.ts';
import { tellStatus } from './search.ts';
import { walk, type Walked } from './walk.ts';

/**
 * Retries for some minutes: if the record cannot be written for longer, as on a full disk, the workflow fails and
 * reports it.
 */
const { recordRun } = proxyActivities<RunActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds', maximumAttempts: 10 },
});

/**
 * Runs a pipeline: each stage starts when its inputs are done, so branches run in parallel. A stage that fails stops
 * only the stages that depend on it; then the run is parked, with the error, until it is resumed or cancelled. A pause
 * asks the running stages to end, and then parks the run in the same way. Activities decide whether a stage has
 * anything to do, so a resumed run walks the whole graph again.
 */
export async function runPipeline(message: PipelineRun): Promise<Record<string, StageOutcome>> {
  const input = parse(pipelineRun, message, 'runPipeline');
  const progress: RunProgress = { status: 'running', stages: {} };
  const all = new CancellationScope();
  let ended = false;
  setHandler(progressQuery, () => progress);
  setHandler(
    cancelUpdate,
    async () => {
      progress.status = 'cancelling';
      all.cancel();
      await condition(() => ended);
    },
    { validator: () => refuseUnless(progress.status !== 'cancelling' && !ended, progress) },
  );
  try {
    return await all.run(() => untilDone(input, progress));
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => record(input, { status: 'cancelled' }));
    throw error;
  } finally {
    ended = true;
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  }
}

/**
 * Walks the graph, and again after each pause or failure, until it is all done.
 * @throws only when the run is cancelled
 */
async function untilDone(input: PipelineRun, progress: RunProgress): Promise<Record<string, StageOutcome>> {
  const { run } = input;
  let { stages, fresh } = input;
  let scope = new CancellationScope();
  setHandler(
    resumeUpdate,
    (resume) => {
      fresh = resume.fresh;
      stages = resume.stages ?? stages;
      progress.status = 'running';
    },
    {
      validator: (resume: Resume) => {
        parse(resumeShape, resume, 'resume');
        refuseUnless(progress.status === 'parked' || progress.status === 'paused', progress);
      },
    },
  );
  setHandler(
    pauseUpdate,
    async () => {
      progress.status = 'pausing';
      scope.cancel();
      await condition(() => progress.status !== 'pausing');
    },
    { validator: () => refuseUnless(progress.status === 'running', progress) },
  );
  for (let number = 1; ; number++) {
    scope = new CancellationScope();
    await record(input, { status: 'running' });
    const task = { run, stages, fresh: new Set(fresh), number, searchable: input.searchable ?? false };
    const walked = await scope
      .run(() => walk(task, progress.stages))
      .catch((error: unknown): Walked | 'stopped' => {
        if (progress.status === 'pausing' && isCancellation(error)) return 'stopped';
        throw error;
      });
    if (walked === 'stopped') {
      await record(input, { status: 'paused' });
      progress.status = 'paused';
    } else if (walked.error) {
      await record(input, { status: 'failed', error: walked.error });
      progress.status = 'parked';
    } else {
      await record(input, { status: 'completed' });
      progress.status = 'completed';
      return walked.outcomes;
    }
    await condition(() => progress.status === 'running');
  }
}

async function record({ run, searchable = false }: PipelineRun, change: RunChange): Promise<void> {
  if (searchable) tellStatus(change.status);
  await recordRun(run, change);
}

/** Refuses a message unless `holds`. @throws an error that the sender of a message receives */
function refuseUnless(holds: boolean, { status }: RunProgress): void {
  if (!holds) throw new Error(`The run is ${status}.`);
}
