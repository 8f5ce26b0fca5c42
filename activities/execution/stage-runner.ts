import { hostname } from 'node:os';
import type { StartUps } from '../../pipeline/stage.ts';
import type { StageResult } from '../../pipeline/store/stage-results.ts';
import { runStageProcess } from './stage-process.ts';
import type { StageOutcome, StageTask, Unfinished } from '../stage-task.ts';
import type { WorkFolder } from './work-folder.ts';
import type { AttemptHooks, Workbench, Work, WorkSource } from './workbench.ts';

/** Runs stages, whole or a segment at a time: reuses a result, or runs the body in a process and commits its output. */
export class StageRunner {
  readonly #bench: Workbench;

  constructor(bench: Workbench) {
    this.#bench = bench;
  }

  async run(task: StageTask, source: WorkSource, hooks: AttemptHooks): Promise<StageOutcome | Unfinished> {
    const work = await this.#bench.prepare(task, source);
    let why: string | undefined;
    const segment = task.part?.kind === 'segment' ? task.part.number : 0;
    const { value, found } = await this.#bench.once(
      { name: work.stage.name, key: work.key, clean: task.fresh && hooks.attempt === 1 && segment === 0 },
      task.run,
      hooks,
      async () => {
        const hit = await this.#bench.find(work, task);
        why ??= hit.why;
        return hit.result;
      },
      async (folder) => {
        await hooks.onStart(why!, work.key);
        return this.#make(task, work, folder, hooks);
      },
    );
    if (!value) return { unfinished: true };
    return found ? reuse(value) : outcomeOf(value, false);
  }

  async #make(task: StageTask, work: Work, folder: WorkFolder, hooks: AttemptHooks): Promise<StageResult | undefined> {
    const { segmentSeconds } = work.stage;
    const call = { name: 'run' as const, ...(task.part && segmentSeconds !== undefined ? { segmentSeconds } : {}) };
    const inputs = await this.#bench.openInputs(task);
    const options = {
      environment: this.#bench.environment(work),
      log: hooks.log,
      signal: AbortSignal.any([hooks.signal, folder.lost]),
      onProgress: hooks.onProgress,
    };
    const order = this.#bench.order(work, call, inputs, folder);
    const answer = await this.#bench.reading(work, folder, () =>
      runStageProcess(order, options, this.#bench.startBody),
    );
    hooks.onBody(answer.seconds, answer.setUpSeconds);
    const startUps = answer.setUpSeconds > 0 ? await folder.startedUp(answer.setUpSeconds) : undefined;
    return answer.unfinished ? undefined : commitStage(this.#bench, task, work, folder, { startUps });
  }
}

/** Commits the output folder as the stage's artifact and records it as the result. */
export async function commitStage(
  { store, results }: Workbench,
  task: StageTask,
  { parts, key, amount }: Work,
  folder: WorkFolder,
  { itemSeconds = 0, startUps }: { itemSeconds?: number; startUps?: StartUps | undefined } = {},
): Promise<StageResult> {
  const artifact = await folder.commit(store);
  const result: StageResult = {
    key,
    parts,
    artifact,
    inputKeys: Object.fromEntries(Object.entries(task.inputs).map(([name, input]) => [name, input.key])),
    run: task.run,
    seconds: folder.seconds + itemSeconds,
    ...(amount ? { work: amount } : {}),
    ...(startUps ? { startUps } : {}),
    host: hostname(),
    createdAt: new Date().toISOString(),
    ...(task.request === undefined ? {} : { request: task.request }),
  };
  await results.save(result);
  return result;
}

export function outcomeOf({ artifact, key, run, seconds }: StageResult, reused: boolean): StageOutcome {
  return { artifact, key, reused, run, seconds };
}

function reuse(result: StageResult): StageOutcome {
  return outcomeOf(result, true);
}
