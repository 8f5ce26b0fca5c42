import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { Client, type WorkflowHandle } from '@temporalio/client';
import { Worker, type NativeConnection } from '@temporalio/worker';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunChange, StageOutcome, StageTask } from '../../activities/stage-task.ts';
import { connectTemporal } from '../../cli/temporal/connection.ts';
import { DevServer } from '../../cli/temporal/dev-server.ts';
import { findTemporal } from '../../scripts/setup/temporal.mjs';
import type { PipelineRun, runPipeline } from '../../workflows/run-pipeline.ts';

export const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));

/** What a fake stage does at an attempt: by default it succeeds. */
export type Fault = 'permanent' | 'retryable' | 'hang' | 'huge';

/** A Temporal server and a worker whose stages are fake: they hash their inputs, and fail where they are told to. */
export class WorkflowEnvironment {
  readonly faults = new Map<string, Fault>();
  /** Stages in the order in which their attempts started and ended. */
  readonly events: string[] = [];
  readonly records: RunChange[] = [];
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
    const args: [PipelineRun] = [{ run: id, ...input }];
    return this.client.workflow.start<typeof runPipeline>('runPipeline', { workflowId: id, taskQueue: 'test', args });
  }

  async #stage({ stage, inputs, fresh }: StageTask): Promise<StageOutcome> {
    this.events.push(`${stage} starts`);
    const fault = this.faults.get(stage);
    if (fault === 'hang') await this.#hang(stage);
    if (fault === 'permanent') throw ApplicationFailure.nonRetryable(`${stage} cannot`, 'InputError');
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
