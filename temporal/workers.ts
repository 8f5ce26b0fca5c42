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
  /** Of the server. */
  address: string;
  home: Home;
  /** For the stages' processes. */
  environment: NodeJS.ProcessEnv;
  queues: readonly Queue[];
}

/** Workers that do what is on the queues. */
export interface Workers {
  /** Fails when a worker cannot go on. */
  readonly running: Promise<void>;
  /** Stages that run are asked to end, and go to other workers. */
  stop(): Promise<void>;
}

/** Of every worker. */
export const workerOptions = {
  // Else heartbeats, and with them cancellation, are held back for up to a minute.
  maxHeartbeatThrottleInterval: '2 seconds',
  defaultHeartbeatThrottleInterval: '1 second',
  // A thread with a V8 of its own takes tens of megabytes, and a workflow here has little to compute.
  workflowThreadPoolSize: 1,
  maxCachedWorkflows: 50,
} as const;

/** For a process that mostly waits: V8 grows its young generation for throughput, by 30 MB that a worker has better uses for. */
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
      ...createRetrainActivities({ home, address, launch: (run) => preparedRun({ connection, namespace }, home, run) }),
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
  running.catch(() => {}); // whoever waits for it hears of it
  return {
    running,
    stop: async () => {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await Promise.allSettled(runs);
    },
  };
}

/** TEXTCRAFTOR_FAULT is for tests of what survives: `POINT:TIME:MARKER`, see {@link parseFault}. */
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
