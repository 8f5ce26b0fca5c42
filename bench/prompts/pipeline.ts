import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run as filter, type FilterConfig } from '../../datasets/stages/filter.ts';
import { run as ingest } from '../../datasets/stages/ingest.ts';
import * as shard from '../../datasets/stages/shard.ts';

// Takes a corpus from its files to shards in one process, and prints the cost as a line of JSON.

const { source, work, shards, rows, filterConfig } = JSON.parse(process.argv[2]!) as {
  source: string;
  work: string;
  shards: number;
  rows: number;
  filterConfig: FilterConfig;
};
const started = performance.now();
const seconds: Record<string, { wall: number; cpu: number }> = {};

async function timed(name: string, body: () => Promise<void>): Promise<void> {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  await body();
  const { user, system } = process.cpuUsage(cpu);
  seconds[name] = { wall: (performance.now() - wall) / 1e3, cpu: (user + system) / 1e6 };
}

const folder = async (name: string): Promise<string> => {
  const path = join(work, name);
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true });
  return path;
};
const common = { seed: 1, progress: () => {}, signal: new AbortController().signal };
const [ingested, filtered, sharded] = [await folder('ingest'), await folder('filter'), await folder('shard')];

await timed('ingest', async () =>
  ingest({ ...common, config: { source }, inputs: {}, output: ingested, scratch: await folder('scratch') }),
);
await timed('filter', async () =>
  filter({
    ...common,
    config: filterConfig,
    inputs: { ingest: ingested },
    output: filtered,
    scratch: await folder('scratch'),
  }),
);
const { kept } = JSON.parse(await readFile(join(filtered, 'summary.json'), 'utf8')) as { kept: number };
await timed('shard', async () => {
  const config = { rows: Math.ceil(kept / shards), validation: 0, test: 0 };
  const context = {
    ...common,
    config,
    inputs: { filter: filtered },
    output: sharded,
    scratch: await folder('scratch'),
  };
  const items: Record<string, string> = {};
  for (const item of await shard.items(context)) {
    items[item] = await folder(join('shards', item.split(' ')[0]!));
    await shard.runItem({ ...context, output: items[item], item });
  }
  await shard.gather({ ...context, items });
  await rm(join(work, 'shards'), { recursive: true });
});
const { user, system } = process.cpuUsage();
console.log(
  JSON.stringify({
    rows,
    kept,
    wall: (performance.now() - started) / 1e3,
    cpu: (user + system) / 1e6,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    seconds,
  }),
);
