import { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectTemporal } from '../../temporal/connection.ts';
import { DevServer } from '../../temporal/server/dev-server.ts';
import { checkout } from '../../pipeline/config/config-file.ts';
import { findTemporal } from '../../scripts/setup/temporal.mjs';
import type { backfill, retrain } from '../../workflows/retrain.ts';
import { workflowsPath } from './environment.ts';

// Records the histories of retrainings that replay.test.ts replays: npx tsx test/workflows/record-retrain.ts VERSION
// See record-history.ts.

const version = process.argv[2];
if (!version) throw new Error('Usage: record-retrain.ts VERSION');
const server = await DevServer.start({
  command: findTemporal()!.value,
  folder: mkdtempSync(join(tmpdir(), 'textcraftor-record-')),
});
const connection = await connectTemporal({ address: server.address });
let fresh = 2;
const worker = await Worker.create({
  connection,
  identity: 'worker',
  taskQueue: 'test',
  workflowsPath,
  activities: {
    takePrompts: async () => (fresh > 0 ? { number: fresh--, rows: 10 } : null),
    prepareRun: async ({ batch }: { batch: number }) => ({
      run: `run-${batch}`,
      fresh: [],
      searchable: false,
      stages: [{ name: 'register', inputs: [] }],
    }),
    closeBatch: async () => ({ name: 'tiny', version: 2, promoted: false, refused: ['heldOut: worse'] }),
    recordRun: async () => {},
    default: async () => ({
      artifact: { uri: 'file:///', sha256: 'a', bytes: 1 },
      key: 'k',
      reused: false,
      run: 'r',
      seconds: 1,
    }),
  },
});
const running = worker.run();
try {
  const { workflow } = new Client({ connection, identity: 'client' });
  const save = async (name: string, id: string): Promise<void> => {
    const text = `${historyToJSON(await workflow.getHandle(id).fetchHistory())}\n`.replaceAll(checkout, '');
    writeFileSync(new URL(`../fixtures/histories/${name}-${version}.json`, import.meta.url), text);
  };
  await workflow.execute<typeof backfill>('backfill', {
    workflowId: 'backfill-daily',
    taskQueue: 'test',
    args: [{ schedule: 'daily', partitions: ['2026-11-01', '2026-11-02'] }],
  });
  await save('backfill', 'backfill-daily');
  await save('retrain', 'retrain-daily-2026-11-01');
  await workflow.execute<typeof retrain>('retrain', {
    workflowId: 'retrain-daily',
    taskQueue: 'test',
    args: [{ schedule: 'daily' }],
  });
  await save('retrain-nothing', 'retrain-daily');
} finally {
  worker.shutdown();
  await running;
  await connection.close();
  await server.stop();
}
