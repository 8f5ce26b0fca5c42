import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { countPairs, type PairCounts } from './pairs.ts';
import { writeCorpus } from './write-corpus.ts';

const help = `npm run bench:prompts -- [--rows 1000000,10000000] [--shards 64] [--work DIR] [--tokenizer DIR]
    [--python PYTHON [--peers pandas,datasets,polars,duckdb] [--peer-tokens 100000]] [--json]

Generates OpenPrompt-like CSV files, takes them to shards (with and without the search for near duplicates), and, given a
Python with the packages that bench/peer/prompts.py names, does the same work with other tools. Processor seconds can be
compared on a loaded machine, wall seconds cannot.`;

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000,10000000' },
    shards: { type: 'string', default: '64' },
    work: { type: 'string' },
    tokenizer: { type: 'string', default: 'test/models/tokenizer' },
    python: { type: 'string' },
    peers: { type: 'string', default: 'pandas,datasets,polars,duckdb' },
    'peer-tokens': { type: 'string', default: '100000' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit();
}

interface Measured {
  name: string;
  rows: number;
  kept: number;
  wall: number;
  cpu: number;
  peakMiB: number;
  seconds?: Record<string, { wall: number; cpu: number }>;
}

const seed = 1;
const work = values.work ?? (await mkdtemp(join(tmpdir(), 'bench-prompts-')));
const sizes = values.rows.split(',').map(Number);
const say = (line: string): void => void (values.json || console.log(line));
const node = (script: string, argument: string): Promise<string> =>
  output(process.execPath, ['--import', 'tsx', join(import.meta.dirname, script), argument]);

async function output(command: string, parameters: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, parameters, { maxBuffer: 1 << 26 });
  return stdout.trim().split('\n').at(-1)!;
}

async function corpus(rows: number): Promise<string> {
  const folder = join(work, `corpus-${rows}`);
  if (existsSync(folder)) return folder;
  say(`generating ${rows} rows`);
  await writeCorpus(`${folder}.tmp`, rows, 'csv', seed);
  await rename(`${folder}.tmp`, folder);
  return folder;
}

/** @param near whether near duplicates are looked for */
async function ours(rows: number, near: boolean): Promise<Measured> {
  const filterConfig = {
    ...{ minCharacters: 3, maxCharacters: 1000, maxTokens: 77, overlong: 'truncate', blocked: [] },
    tokenizer: values.tokenizer,
    ...(near ? { nearDuplicates: { similarity: 0.65, keep: 1 } } : {}),
  };
  const order = {
    source: await corpus(rows),
    work: join(work, 'ours'),
    shards: Number(values.shards),
    rows,
    filterConfig,
  };
  await rm(order.work, { recursive: true, force: true });
  const measured = JSON.parse(await node('pipeline.ts', JSON.stringify(order))) as Measured;
  return { ...measured, name: near ? 'textcraftor, near duplicates too' : 'textcraftor' };
}

async function peer(tool: string, rows: number, tokens: boolean): Promise<Measured> {
  const out = join(work, 'peer');
  await rm(out, { recursive: true, force: true });
  await mkdir(out);
  const parameters = [
    tool,
    await corpus(rows),
    out,
    values.shards,
    ...(tokens ? ['--tokenizer', values.tokenizer] : []),
  ];
  const line = await output(values.python!, [join(import.meta.dirname, '../peer/prompts.py'), ...parameters]);
  return {
    ...(JSON.parse(line) as Omit<Measured, 'name' | 'rows'>),
    name: tokens ? `${tool}, tokens too` : tool,
    rows,
  };
}

const shown = (one: Measured): string =>
  [
    one.name.padEnd(34),
    `${one.rows} rows, ${one.kept} kept`,
    `${one.cpu.toFixed(1)} CPU s (${((one.cpu / one.rows) * 1e6).toFixed(1)} us a row)`,
    `${one.wall.toFixed(1)} s`,
    `${one.peakMiB.toFixed(0)} MiB`,
  ].join('   ');

const results: Measured[] = [];
const measure = async (run: Promise<Measured>): Promise<Measured> => {
  const one = await run;
  results.push(one);
  say(shown(one));
  return one;
};

let pairs: PairCounts | undefined;
let stream: unknown;
for (const rows of sizes) {
  await measure(ours(rows, true));
  if (rows <= 1_000_000) pairs = await countPairs(join(work, 'ours', 'filter'), work, rows, seed);
  const own = await measure(ours(rows, false));
  stream = JSON.parse(await node('stream.ts', join(work, 'ours', 'shard')));
  if (values.python === undefined) continue;
  for (const tool of values.peers.split(',')) {
    const other = await measure(peer(tool, rows, false));
    say(
      `  without tokens, ${tool} takes ${(other.cpu / own.cpu).toFixed(2)} of textcraftor's CPU s, ${(other.wall / own.wall).toFixed(2)} of its time`,
    );
  }
}
if (values.python !== undefined && Number(values['peer-tokens']) > 0) {
  const rows = Number(values['peer-tokens']);
  const own = await measure(ours(rows, false));
  for (const tool of values.peers.split(',').filter((each) => /pandas|datasets/.test(each))) {
    const other = await measure(peer(tool, rows, true));
    say(
      `  with tokens, ${tool} takes ${(other.cpu / own.cpu).toFixed(2)} of textcraftor's CPU s, ${(other.wall / own.wall).toFixed(2)} of its time`,
    );
  }
}
const perRow = (name: string): number[] =>
  results.filter((one) => one.name === name).map(({ cpu, rows }) => cpu / rows);
const growth = Object.fromEntries(
  ['textcraftor', 'textcraftor, near duplicates too'].map((name) => {
    const costs = perRow(name).slice(0, sizes.length);
    return [name, costs.at(-1)! / costs[0]! - 1];
  }),
);
if (values.json) {
  console.log(
    JSON.stringify(
      { node: process.version, processor: cpus()[0]!.model, cores: cpus().length, results, growth, pairs, stream },
      null,
      2,
    ),
  );
} else {
  if (pairs) console.log(`near duplicates: recall ${pairs.recall.toFixed(4)}, precision ${pairs.precision.toFixed(4)}`);
  console.log(`stream: ${JSON.stringify(stream)}`);
  for (const [name, grown] of sizes.length > 1 ? Object.entries(growth) : []) {
    console.log(`cost of a row from ${sizes[0]} to ${sizes.at(-1)} rows, ${name}: ${(grown * 100).toFixed(1)} % more`);
  }
}
if (values.work === undefined) await rm(work, { recursive: true });
