import { Worker, type NativeConnection } from '@temporalio/worker';
import { setFlagsFromString } from 'node:v8';
import { createActivities } from '../activities/activities.ts';
import { createRetrainActivities, type PreparedRun } from '../activities/retrain/retrain-activities.ts';
import { parseFault, type Fault } from '../common/fault-points.ts';
import type { Home } from '../pipeline/runs/home.ts';
import { stageNodes } from './stage-nodes.ts';
import { bundleWorkflows } from './bundle.ts';
import { taskQueues, type Queue } from './queues.ts';
import { hasSearchAttributes } from './server/server-attributes.ts';

export interface WorkersOptions {
  connection: NativeConnection;
  namespace: string;
  /** Address of the server. */
  address: string;
  home: Home;
  /** Environment of the stages' processes. */
  environment: NodeJS.ProcessEnv;
  queues: readonly Queue[];
}

/** Workers that take work from the queues. */
export interface Workers {
  /** Fails when a worker cannot continue. */
  readonly running: Promise<void>;
  /** Asks the running stages to end, and leaves them to other workers. */
  stop(): Promise<void>;
}

/** Options of every worker. */
export const workerOptions = {
  // Otherwise heartbeats, and with them cancellation, are delayed by up to a minute.
  maxHeartbeatThrottleInterval: '2 seconds',
  defaultHeartbeatThrottleInterval: '1 second',
  // A thread with its own V8 takes tens of megabytes, and workflows here compute little.
  workflowThreadPoolSize: 1,
  maxCachedWorkflows: 50,
} as const;

/**
 * For a process that mostly waits: V8 grows its young generation for throughput, by 30 MB that a worker does not need.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

export async function startWorkers({
  connection,
  namespace,
  address,
  home,
  environment,
  queues,
}: WorkersOptions): Promise<Workers> {
  keepHeapSmall();
  const common = {
    ...workerOptions,
    connection,
    namespace,
    activities: {
      ...createActivities({ home, environment, fault: faultOf(environment) }),
      ...createRetrainActivities({
        home,
        address,
        environment,
        launch: (run) => preparedRun({ connection, namespace }, home, run),
      }),
    },
  };
  const names = await taskQueues(home);
  const workers: Worker[] = [];
  if (queues.includes('pipeline')) {
    const workflowBundle = await bundleWorkflows(home);
    workers.push(
      await Worker.create({
        ...common,
        taskQueue: names.pipeline,
        workflowBundle,
        maxConcurrentActivityTaskExecutions: 4,
      }),
    );
  }
  if (queues.includes('engine'))
    workers.push(await Worker.create({ ...common, taskQueue: names.engine, maxConcurrentActivityTaskExecutions: 1 }));
  const runs = workers.map((worker) => worker.run());
  const running = Promise.all(runs).then(() => {});
  running.catch(() => {}); // the caller that awaits it gets the error
  return {
    running,
    stop: async () => {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await Promise.allSettled(runs);
    },
  };
}

/** TEXTCRAFTOR_FAULT is for tests of crashes: `POINT:TIME:MARKER`, see {@link parseFault}. */
function faultOf({ TEXTCRAFTOR_FAULT: fault }: NodeJS.ProcessEnv): Fault | undefined {
  return fault ? parseFault(fault) : undefined;
}

async function preparedRun(
  server: Pick<WorkersOptions, 'connection' | 'namespace'>,
  home: Home,
  run: string,
): Promise<PreparedRun> {
  const stages = await stageNodes(home, run);
  return { run, stages, fresh: [], searchable: await hasSearchAttributes(server) };
}
