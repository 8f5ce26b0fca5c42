import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { growth, ratios, Results, type Measured } from './measured.ts';
import { corpus, measure } from './steps.ts';

const help = `npm run bench:prompts -- [--rows 1000000,10000000] [--shards 64] [--tokenizer DIR] [--work DIR]
    [--python PYTHON [--peers pandas-tokens,datasets-tokens,pandas,polars,duckdb] [--peer-rows N]]
    [--only STEP,...] [--json]

Generates OpenPrompt-like CSV files, takes them to shards with ("near") and without ("textcraftor") the search for near
duplicates, and, given a Python with the packages of bench/peer/prompts.py, does the same work with other tools on the
most rows (or --peer-rows). Processor seconds are comparable on a loaded machine, wall seconds are not.

Prints each step, and saves it in DIR/results, as soon as it is done. --only measures some of them (names as above, or
NAME@ROWS) and takes the other results from DIR. --json prints one object at the end, and the steps on stderr. Exits with
1 if a tool kept a different number of prompts.`;

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000,10000000' },
    shards: { type: 'string', default: '64' },
    work: { type: 'string' },
    tokenizer: { type: 'string', default: 'test/models/tokenizer' },
    python: { type: 'string' },
    peers: { type: 'string', default: 'pandas-tokens,datasets-tokens,pandas,polars,duckdb' },
    'peer-rows': { type: 'string' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit();
}

const say = (line: string): void => (values.json ? console.error(line) : console.log(line));
const percent = (share: number): string => `${share < 0 ? '' : '+'}${(share * 100).toFixed(1)} %`;
const shown = ({ name, rows, kept, wall, cpu, peakMiB, pairs, stream }: Measured): string =>
  [
    `${name}@${rows}`.padEnd(24),
    `${kept} kept`,
    `${wall.toFixed(1)} s`,
    `${cpu.toFixed(1)} CPU s`,
    `${((cpu / rows) * 1e6).toFixed(1)} us a row`,
    `${peakMiB.toFixed(0)} MiB`,
    ...(pairs ? [`recall ${pairs.recall.toFixed(4)}, precision ${pairs.precision.toFixed(4)}`] : []),
    ...(stream ? [`stream ${JSON.stringify(stream)}`] : []),
  ].join('   ');

const sizes = values.rows.split(',').map(Number);
const peerRows = Number(values['peer-rows'] ?? Math.max(...sizes));
const peers = values.python === undefined ? [] : values.peers.split(',');
const steps = [
  ...sizes.flatMap((rows) => ['near', 'textcraftor'].map((name) => ({ name, rows }))),
  ...peers.map((name) => ({ name, rows: peerRows })),
];
const wanted = values.only?.split(',');
const chosen = steps.filter(({ name, rows }) => !wanted || wanted.includes(name) || wanted.includes(`${name}@${rows}`));

const work = values.work ?? (await mkdtemp(join(tmpdir(), 'bench-prompts-')));
const results = new Results(work);
const options = { work, shards: Number(values.shards), tokenizer: values.tokenizer, python: values.python };
for (const rows of new Set(chosen.map((step) => step.rows))) {
  const started = performance.now();
  await corpus(work, rows);
  say(`${rows} rows generated or there: ${((performance.now() - started) / 1e3).toFixed(1)} s`);
}
for (const { name, rows } of chosen) {
  const one = await measure(name, rows, options);
  await results.save(one);
  say(shown(one));
}

const of = new Set(steps.map(({ name, rows }) => `${name}@${rows}`));
const all = (await results.all()).filter(({ name, rows }) => of.has(`${name}@${rows}`));
const [beside, grown] = [ratios(all), growth(all)];
for (const { name, rows, cpu, wall, memory, sameKept } of beside) {
  const others = `${cpu.toFixed(2)} of its CPU s, ${memory.toFixed(2)} of its memory`;
  say(
    `${name}@${rows} takes ${wall.toFixed(2)} of textcraftor's time, ${others}${sameKept ? '' : '; KEPT OTHER PROMPTS'}`,
  );
}
for (const { name, from, to, cpu, wall } of grown)
  say(`a row of ${name} at ${to} rows instead of ${from}: CPU s ${percent(cpu)}, time ${percent(wall)}`);
if (values.json) {
  const machine = { processor: cpus()[0]!.model, cores: cpus().length, memoryGiB: totalmem() / 2 ** 30 };
  const { tokenizer, shards } = options;
  const report = { node: process.version, ...machine, shards, tokenizer, results: all, ratios: beside, growth: grown };
  console.log(JSON.stringify(report, null, 2));
}
if (values.work === undefined) await rm(work, { recursive: true });
if (beside.some(({ sameKept }) => !sameKept)) process.exitCode = 1;
