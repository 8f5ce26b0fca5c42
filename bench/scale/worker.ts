import { Worker } from '@temporalio/worker';
import { once } from 'node:events';
import { createActivities } from '../../activities/activities.ts';
import { callBody } from '../../activities/execution/call-body.ts';
import { bundleWorkflows } from '../../temporal/bundle.ts';
import { connectTemporal } from '../../temporal/connection.ts';
import { taskQueues } from '../../temporal/queues.ts';
import { keepHeapSmall, workerOptions } from '../../temporal/workers.ts';
import { Home } from '../../pipeline/runs/home.ts';

// A worker like `textcraftor worker`, but with bodies run in its own process, whose memory is measured. Ends with its
// input.

keepHeapSmall();
const [address = '', folder = ''] = process.argv.slice(2);
const home = new Home(folder);
const connection = await connectTemporal({ address });
const activities = createActivities({
  home,
  environment: process.env,
  startBody: () =>
    Promise.resolve({
      do: async (order, { signal, onProgress }) => ({
        ...(await callBody(order, { signal, progress: onProgress })),
        seconds: 0,
        setUpSeconds: 0,
      }),
      close: () => Promise.resolve(),
    }),
});
const worker = await Worker.create({
  ...workerOptions,
  connection,
  activities,
  taskQueue: (await taskQueues(home)).pipeline,
  workflowBundle: await bundleWorkflows(home),
  maxConcurrentActivityTaskExecutions: 8,
});
const running = worker.run();
process.stdout.write('ready\n');
process.stdin.resume();
await once(process.stdin, 'end');
worker.shutdown();
await running;
process.exit(0);
