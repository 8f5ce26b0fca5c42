import { Client } from '@temporalio/client';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stageNodes } from '../../temporal/stage-nodes.ts';
import { connectTemporal } from '../../temporal/connection.ts';
import { DevServer } from '../../temporal/server/dev-server.ts';
import { taskQueues } from '../../temporal/queues.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { findTemporal } from '../../scripts/setup/temporal.mjs';
import type { runPipeline } from '../../workflows/run-pipeline.ts';
import { pipeline } from './pipeline.ts';

// Measures a run with very many items and segments: npx tsx bench/scale/run.ts [--items 10000] [--segments 5000]
// [--json]
// Exit code 1 if a history has 10,000 events or more, or the worker takes 300 MB or more.

const most = { events: 10_000, bytes: 300e6 };
const { values } = parseArgs({
  options: {
    items: { type: 'string', default: '10000' },
    segments: { type: 'string', default: '5000' },
    json: { type: 'boolean' },
  },
});
const folder = await mkdtemp(join(tmpdir(), 'textcraftor-scale-'));
const server = await DevServer.start({ command: findTemporal()!.value, folder });
const connection = await connectTemporal({ address: server.address });
const client = new Client({ connection });
const home = new Home(join(folder, 'home'));
const args = [fileURLToPath(new URL('worker.ts', import.meta.url)), server.address, home.folder];
const worker = spawn(process.execPath, ['--import', 'tsx', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
await once(worker.stdout, 'data');

const records = new RunRecords(home);
const settings = pipeline.schema.parse({ items: Number(values.items), segments: Number(values.segments) });
const { id } = await records.create(
  settings.name,
  fileURLToPath(new URL('pipeline.ts', import.meta.url)),
  settings,
  pipeline.stages,
);
const started = performance.now();
const handle = await client.workflow.start<typeof runPipeline>('runPipeline', {
  workflowId: id,
  taskQueue: (await taskQueues(home)).pipeline,
  args: [{ run: id, stages: await stageNodes(home, id), fresh: [], searchable: true }],
});
const watch = setInterval(() => void tell(), 10_000);
await handle.result();
clearInterval(watch);
const seconds = (performance.now() - started) / 1000;
/** The worker's peak memory. */
const bytes = 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${worker.pid}/status`, 'utf8'))![1]);
const executions: { workflow: string; type: string; events: number; bytes: number }[] = [];
for await (const { workflowId, runId, type, historyLength } of client.workflow.list()) {
  const { historySize } = await client.workflow.getHandle(workflowId, runId).describe();
  executions.push({ workflow: workflowId, type, events: historyLength, bytes: historySize ?? 0 });
}
const { stages } = await records.read(id);
worker.stdin.end();
await once(worker, 'exit');
await connection.close();
await server.stop();
await rm(folder, { recursive: true, force: true });

const largest = Math.max(...executions.map(({ events }) => events));
const result = {
  ...settings,
  seconds,
  workerBytes: bytes,
  executions: executions.length,
  mostEvents: largest,
  mostHistoryBytes: Math.max(...executions.map((each) => each.bytes)),
  stages: stages.map(({ name, seconds, items }) => ({ name, seconds, items })),
};
if (values.json) console.log(JSON.stringify({ ...result, all: executions }, null, 2));
else {
  console.log(`${settings.items} items and ${settings.segments} segments in ${seconds.toFixed(0)} s`);
  for (const { name, seconds } of stages) console.log(`  ${name}: ${seconds.toFixed(0)} s`);
  for (const { type, events, bytes } of executions)
    console.log(`  ${type}: ${events} events, ${(bytes / 1e6).toFixed(1)} MB`);
  console.log(`  worker: ${(bytes / 1e6).toFixed(0)} MB at most`);
}
if (largest >= most.events || bytes >= most.bytes) process.exitCode = 1;

async function tell(): Promise<void> {
  const { stages } = await records.read(id);
  const [items, tune] = stages;
  console.error(`${items?.items?.done ?? 0} items, ${tune?.progress?.step ?? 0} segments`);
}
