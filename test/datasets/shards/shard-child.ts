import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FanOutRunner } from '../../../activities/execution/fan-out-runner.ts';
import type { ItemList, StageTask } from '../../../activities/stage-task.ts';
import { Workbench } from '../../../activities/execution/workbench.ts';
import { armFault, type Fault } from '../../../common/fault-points.ts';
import { Home } from '../../../pipeline/runs/home.ts';
import { noItems, sumCounts } from '../../../pipeline/runs/item-counts.ts';

// A worker that makes shards of a filter's artifact, in several lanes at a time, for tests that kill it. Prints the
// artifact, and how many of the shards already existed.

const { home, config, lanes, batch, input, fault } = JSON.parse(process.argv[2]!) as {
  home: string;
  config: object;
  lanes: number;
  batch: number;
  input: StageTask['inputs'][string];
  fault?: Fault;
};
armFault(fault);
const runner = new FanOutRunner(
  new Workbench({ home: new Home(home), environment: process.env, ...(fault ? { fault } : {}) }),
);
// The whole machine dies with a process of a stage.
process.on('uncaughtException', (error) => {
  if (fault && existsSync(fault.marker)) process.kill(process.pid, 'SIGKILL');
  throw error;
});
const hooks = {
  attempt: 1,
  signal: new AbortController().signal,
  log: join(home, 'shard.log'),
  onStart: () => Promise.resolve(),
  onProgress: () => {},
  onBody: () => {},
  onCounts: () => {},
};
const source = { pipeline: fileURLToPath(new URL('../../fixtures/pipelines/shards.ts', import.meta.url)), config };
const task: StageTask = { run: 'run-1', stage: 'shard', inputs: { filter: input }, fresh: false };
const { list, total } = (await runner.list(task, source, hooks)) as ItemList;
let next = 0;
const counts = await Promise.all(
  Array.from({ length: lanes }, async (_, lane) => {
    let before = noItems();
    while (next < total) {
      const from = next;
      next = Math.min(total, from + batch);
      before = await runner.batch(task, { kind: 'batch', list, from, to: next, lane, before }, source, hooks);
    }
    return before;
  }),
);
const all = sumCounts(total, counts);
const { artifact } = await runner.gather(task, { kind: 'gather', list, counts: all }, source, hooks);
console.log(JSON.stringify({ artifact, total, reused: all.reused }));
