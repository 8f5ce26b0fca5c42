import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RunError } from '../../common/errors.ts';
import type { Home } from '../../pipeline/home.ts';
import { RunRecords, type Run } from '../../pipeline/runs.ts';
import { executeRun } from './execute.ts';
import { writeRunReport } from './report.ts';
import { summarizeRun } from './summary.ts';
import { LiveView, PlainView } from './view.ts';

export interface StartOptions {
  detach?: true;
  json?: true;
}

/** Brings a run to its end in front of the user, or behind their back. Prints what became of it. */
export async function startRun(
  home: Home,
  id: string,
  fresh: readonly string[],
  { detach, json }: StartOptions,
): Promise<void> {
  const records = new RunRecords(home);
  if (detach) {
    await startDetached(home, id, fresh);
    console.log(
      json
        ? JSON.stringify({ run: id, status: 'running' })
        : `Run ${id} goes on by itself; see: textcraftor status ${id}`,
    );
    return;
  }
  // With --json the one object is all that is printed on the standard output.
  const note = (line: string): void => (json ? console.error(line) : console.log(line));
  const view = process.stdout.isTTY && !json ? new LiveView(process.stdout) : new PlainView(note);
  try {
    const run = await executeRun({ home, id, fresh, view, note });
    if (!json) note(await describeEnd(home, run));
  } finally {
    if (json) console.log(JSON.stringify(summarizeRun(await records.read(id)), null, 2));
  }
}

/** The same command in a process of its own, without a terminal. */
async function startDetached(home: Home, id: string, fresh: readonly string[]): Promise<void> {
  const records = new RunRecords(home);
  const log = join(records.folder(id), 'run.log');
  const output = openSync(log, 'a');
  const command = fileURLToPath(new URL('../textcraftor.mjs', import.meta.url));
  const from = fresh[0] === undefined ? [] : ['--from', fresh[0]];
  const child = spawn(process.execPath, [command, 'resume', id, ...from], {
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...process.env, TEXTCRAFTOR_HOME: home.folder },
  });
  let ended = false;
  child.once('exit', () => (ended = true));
  while (!ended && !(await records.owner(id))) await sleep(100);
  if (ended) throw new RunError(`Run ${id} could not be started in the background; see ${log}.`);
  child.unref();
}

async function describeEnd(home: Home, run: Run): Promise<string> {
  const report = await writeRunReport(home, run);
  const lines = [`Run ${run.id} is complete.`];
  if ('path' in report) lines.push(`Report: ${relative(process.cwd(), report.path)}`);
  return lines.join('\n');
}
