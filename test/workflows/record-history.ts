import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkout } from '../../pipeline/config/config-file.ts';
import { cancelUpdate, pauseUpdate, progressQuery, resumeUpdate } from '../../workflows/messages.ts';
import type { runPipeline } from '../../workflows/run-pipeline.ts';
import { WorkflowEnvironment } from './environment.ts';

// Records the histories that replay.test.ts replays: npx tsx test/workflows/record-history.ts VERSION
// A change of workflows/ that cannot replay the old ones needs a new version beside them, and patched() in the code.

const version = process.argv[2];
if (!version) throw new Error('Usage: record-history.ts VERSION');
const folder = new URL('../fixtures/histories/', import.meta.url);
mkdirSync(folder, { recursive: true });

/** Writes a history without the paths of this machine, which stack traces have. */
async function save(name: string, handle: WorkflowHandle): Promise<void> {
  const text = `${historyToJSON(await handle.fetchHistory())}\n`.replaceAll(checkout, '');
  writeFileSync(new URL(`${name}-${version}.json`, folder), text);
}

const environment = await WorkflowEnvironment.start();
const until = async (handle: WorkflowHandle<typeof runPipeline>, status: string): Promise<void> => {
  while ((await handle.query(progressQuery)).status !== status) await sleep(100);
};
try {
  // A run with every kind of stage, that parks, is paused, and is resumed.
  const stages = [
    { name: 'source', inputs: [] },
    { name: 'left', inputs: ['source'], taskQueue: 'test', fanOut: { window: 2, batch: 2 } },
    { name: 'right', inputs: ['source'], segmented: true as const },
    { name: 'join', inputs: ['left', 'right'] },
    { name: 'end', inputs: ['join'] },
  ];
  environment.faults.set('join', 'permanent');
  const handle = await environment.run('recorded', { stages, fresh: ['end'], searchable: true });
  await until(handle, 'parked');
  const { left, right } = (await handle.query(progressQuery)).stages;
  environment.faults.set('join', 'hang');
  environment.faults.set('right', 'retryable');
  await handle.executeUpdate(resumeUpdate, { args: [{ fresh: [] }] });
  while (environment.events.at(-1) !== 'join starts') await sleep(100);
  await handle.executeUpdate(pauseUpdate);
  environment.faults.clear();
  await handle.executeUpdate(resumeUpdate, { args: [{ fresh: [] }] });
  await handle.result();
  await save('run-pipeline', handle);
  const child = (id: string | undefined) => environment.client.workflow.getHandle(id!);
  await save('run-items', child(left!.child));
  await save('run-segments', child(right!.child));

  environment.faults.set('source', 'hang');
  const cancelled = await environment.run('recorded-cancelled', { stages, fresh: [] });
  while (environment.events.at(-1) !== 'source starts') await sleep(100);
  await cancelled.executeUpdate(cancelUpdate);
  await cancelled.result().catch(() => {});
  await save('run-pipeline-cancelled', cancelled);
} finally {
  await environment.stop();
}
