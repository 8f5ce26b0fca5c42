import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { Client, type WorkflowHandle } from '@temporalio/client';
import { Worker, type NativeConnection } from '@temporalio/worker';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StageAnswer } from '../../activities/activities.ts';
import type { RunChange, StageTask } from '../../activities/stage-task.ts';
import { connectTemporal } from '../../temporal/connection.ts';
import { DevServer } from '../../temporal/server/dev-server.ts';
import { findTemporal } from '../../scripts/setup/temporal.mjs';
import type { runPipeline } from '../../workflows/run-pipeline.ts';
import type { PipelineRun } from '../../workflows/arguments.ts';

export const workflowsPath = fileURLToPath(new URL('../../workflows/workflows.ts', import.meta.url));

/** The behavior of a fake stage at an attempt: by default it succeeds. */
export type Fault = 'permanent' | 'retryable' | 'hang' | 'huge' | 'wordy';

/** A Temporal server and a worker with fake stages, which hash their inputs and fail on request. */
export class WorkflowEnvironment {
  readonly faults = new Map<string, Fault>();
  /** Stages in the order in which their attempts started and ended. */
  readonly events: string[] = [];
  readonly records: RunChange[] = [];
  /** For fan-out stages: the number of items, and how often each was made. */
  itemCount = 6;
  readonly items = new Map<string, number>();
  mostAtOnce = 0;
  /** Batches wait until this many of them run at once. */
  awaitedAtOnce = 1;
  #going = 0;
  /** For stages in segments: the number of segments, and those that were done. */
  segmentCount = 3;
  readonly segments: number[] = [];
  readonly client: Client;
  readonly #stop: () => Promise<void>;

  private constructor(connection: NativeConnection, stop: () => Promise<void>) {
    this.client = new Client({ connection, identity: 'client' });
    this.#stop = stop;
  }

  static async start(): Promise<WorkflowEnvironment> {
    const folder = await mkdtemp(join(tmpdir(), 'textcraftor-test-'));
    const server = await DevServer.start({ command: findTemporal()!.value, folder });
    const connection = await connectTemporal({ address: server.address });
    const environment = new WorkflowEnvironment(connection, async () => {
      worker.shutdown();
      await running;
      await connection.close();
      await server.stop();
      await rm(folder, { recursive: true });
    });
    const activities = {
      default: (task: StageTask) => environment.#stage(task),
      recordRun: async (_: string, change: RunChange) => void environment.records.push(change),
    };
    const worker = await Worker.create({
      connection,
      identity: 'worker',
      taskQueue: 'test',
      workflowsPath,
      activities,
      maxHeartbeatThrottleInterval: 100,
    });
    const running = worker.run();
    return environment;
  }

  async stop(): Promise<void> {
    await this.#stop();
  }

  run(id: string, input: Omit<PipelineRun, 'run'>): Promise<WorkflowHandle<typeof runPipeline>> {
    this.events.length = 0;
    this.records.length = 0;
    this.items.clear();
    this.segments.length = 0;
    this.mostAtOnce = 0;
    const args: [PipelineRun] = [{ run: id, ...input }];
    return this.client.workflow.start<typeof runPipeline>('runPipeline', { workflowId: id, taskQueue: 'test', args });
  }

  async #stage({ stage, inputs, fresh, part }: StageTask): Promise<StageAnswer> {
    if (part?.kind === 'batch') {
      const { from, to, before } = part;
      this.#going += 1;
      this.mostAtOnce = Math.max(this.mostAtOnce, this.#going);
      if (this.mostAtOnce < this.awaitedAtOnce) {
        while (this.mostAtOnce < this.awaitedAtOnce) await sleep(10);
        await sleep(200); // time for one too many to start
      }
      this.#going -= 1;
      if (this.faults.get(`${stage} ${from}`) === 'permanent')
        throw ApplicationFailure.nonRetryable(`item ${from} of ${stage} cannot`, 'InputError');
      for (let i = from; i < to; i++) this.items.set(`${stage} ${i}`, (this.items.get(`${stage} ${i}`) ?? 0) + 1);
      return { ...before, done: before.done + to - from, rows: before.rows + to - from };
    }
    if (part?.kind === 'segment') {
      this.segments.push(part.number);
      if (this.faults.get(stage) !== 'hang' && part.number + 1 < this.segmentCount) return { unfinished: true };
    }
    if (part?.kind === 'list') {
      this.events.push(`${stage} starts`);
      return { list: { uri: 'file:///', sha256: 'list', bytes: 1 }, total: this.itemCount };
    }
    if (part?.kind !== 'gather') this.events.push(`${stage} starts`);
    const fault = this.faults.get(stage);
    if (fault === 'hang') await this.#hang(stage);
    if (fault === 'permanent') throw ApplicationFailure.nonRetryable(`${stage} cannot`, 'InputError');
    if (fault === 'wordy') throw ApplicationFailure.nonRetryable(`it said ${'\x1b'.repeat(150_000)}`, 'x'.repeat(300));
    if (fault === 'retryable') {
      this.faults.delete(stage);
      throw ApplicationFailure.retryable(`${stage} could not`, 'RetryableError');
    }
    this.events.push(`${stage} ends`);
    const sha256 = `${stage}(${Object.keys(inputs)
      .toSorted()
      .map((name) => inputs[name]!.artifact.sha256)
      .join(',')})`;
    const uri = fault === 'huge' ? 'x'.repeat(100_000) : 'file:///';
    return { artifact: { uri, sha256, bytes: 1 }, key: stage, reused: !fresh, run: 'r', seconds: 1 };
  }

  /** Works until it is cancelled. */
  async #hang(stage: string): Promise<never> {
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), 50);
    try {
      await new Promise((resolve) => context.cancellationSignal.addEventListener('abort', resolve));
    } finally {
      clearInterval(beat);
    }
    this.events.push(`${stage} is cancelled`);
    throw new CancelledFailure('cancelled');
  }
}
