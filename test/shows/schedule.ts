import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { knownWorld } from '../../world/known/known-worlds.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { Registry } from '../../registry/versions.ts';
import { Schedules } from '../../registry/schedules/schedules.ts';
import type { Batch } from '../../registry/schedules/schedule-files.ts';

// A schedule at work on the embedded world, by its commands: npx tsx test/shows/schedule.ts [--every 1m] [--home FOLDER]
// Two retrainings, the second on new prompts only; then a challenger that is worse on purpose, which is not promoted.

const { values } = parseArgs({
  options: {
    every: { type: 'string', default: '1m' },
    home: { type: 'string' },
    port: { type: 'string', default: '7298' },
  },
});
const folder = values.home ?? mkdtempSync(join(tmpdir(), 'textcraftor-show-'));
const home = new Home(join(folder, 'home'));
const inbox = join(folder, 'inbox');
const command = fileURLToPath(new URL('../../cli/textcraftor.mjs', import.meta.url));
const { TEMPORAL_ADDRESS: _, ...environment } = process.env;

function start(...args: string[]): ChildProcess {
  console.log(`$ textcraftor ${args.join(' ')}`);
  return spawn(process.execPath, [command, ...args], {
    env: { ...environment, TEXTCRAFTOR_HOME: home.folder },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
async function textcraftor(...args: string[]): Promise<void> {
  const [code] = (await once(start(...args), 'close')) as [number | null];
  if (code !== 0) throw new Error(`It ended with exit code ${code}.`);
}
function check(holds: boolean, what: string): void {
  console.log(`${holds ? 'holds' : 'FAILS'}: ${what}`);
  if (!holds) process.exitCode = 1;
}
/** A file that was written a minute ago. */
function arrive(name: string, prompts: readonly string[]): void {
  mkdirSync(inbox, { recursive: true });
  writeFileSync(join(inbox, name), `${prompts.join('\n')}\n`);
  const then = new Date(Date.now() - 60_000);
  utimesSync(join(inbox, name), then, then);
}
async function ended(schedule: string, number: number): Promise<Batch> {
  for (;;) {
    const batch = (await new Schedules(home).batches(schedule)).find((each) => each.number === number);
    if (batch?.status === 'used') return batch;
    await sleep(1000);
  }
}

// Held-out combinations are left out: they are the world's own test prompts.
const prompts = knownWorld('shapes')
  .prompts()
  .flatMap(({ prompt, split }) => (split === 'train' ? [prompt] : []));
arrive('2026-11-01.txt', prompts.slice(0, 600));
const worker = start('worker', '--port', values.port, '--ui-port', String(Number(values.port) + 1000));
try {
  await sleep(3000);
  const config = ['--config', 'configs/retrain.yaml', '--prompts', inbox];
  const create = ['schedule', 'create', 'show', '--every', values.every, ...config];
  for (let attempt = 1; ; attempt++) {
    try {
      await textcraftor(...create);
      break;
    } catch (error) {
      if (attempt === 60) throw error;
      await sleep(3000); // the worker is not there yet
    }
  }
  const first = await ended('show', 1);
  check(first.rows === 600, `the first retraining is on ${first.rows} prompts, of 600 that had arrived`);
  check(first.registered?.promoted === true, `its encoder went into production: ${JSON.stringify(first.registered)}`);

  arrive('2026-11-02.txt', prompts.slice(400, 1100));
  const second = await ended('show', 2);
  check(second.rows === 500, `the second is on ${second.rows} prompts, of 700 that had arrived, 200 of them known`);
  console.log(`its challenger: ${JSON.stringify(second.registered)}`);
  await textcraftor('schedule', 'pause', 'show');

  const before = (await new Registry(home).aliases('retrain')).current['production'];
  const worse = ['--set', 'tuneEncoder.steps=2', '--set', 'tuneEncoder.keepEvery=1', '--cold'];
  await textcraftor('schedule', 'create', 'worse', '--every', '7d', ...config, ...worse);
  await textcraftor('schedule', 'trigger', 'worse');
  const third = await ended('worse', 1);
  check(
    third.registered?.promoted === false,
    `the worse challenger is not promoted: ${JSON.stringify(third.registered)}`,
  );
  const after = (await new Registry(home).aliases('retrain')).current['production'];
  check(before === after, `version ${after} stays in production`);
  await textcraftor('schedule', 'show', 'show');
  await textcraftor('registry', 'list');
} finally {
  worker.kill('SIGINT');
  await once(worker, 'close');
}
