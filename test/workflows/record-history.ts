import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { resumeUpdate, progressQuery } from '../../workflows/messages.ts';
import { WorkflowEnvironment } from './environment.ts';

// Records the history that replay.test.ts replays: npx tsx test/workflows/record-history.ts NAME
// A change of workflows/ that cannot replay an old history needs a new name beside it, and patched() in the code.

const name = process.argv[2] ?? 'run-pipeline-1';
const environment = await WorkflowEnvironment.start();
try {
  const stages = [
    { name: 'source', inputs: [] },
    { name: 'left', inputs: ['source'], taskQueue: 'test' },
    { name: 'right', inputs: ['source'] },
    { name: 'join', inputs: ['left', 'right'] },
  ];
  environment.faults.set('left', 'permanent');
  environment.faults.set('right', 'retryable');
  const handle = await environment.run(name, { stages, fresh: ['join'] });
  while ((await handle.query(progressQuery)).status !== 'parked') await sleep(100);
  environment.faults.clear();
  await handle.executeUpdate(resumeUpdate, { args: [{ fresh: [] }] });
  await handle.result();
  const folder = new URL('../fixtures/histories/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${name}.json`, folder), `${historyToJSON(await handle.fetchHistory())}\n`);
} finally {
  await environment.stop();
}
