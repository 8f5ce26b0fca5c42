import { relative } from 'node:path';
import type { Home } from '../../pipeline/runs/home.ts';
import { readRegistered } from '../../registry/registered.ts';
import { RunRecords, type Run } from '../../pipeline/runs/runs.ts';
import { describeRegistered } from '../registry/format-registered.ts';
import { configuredServer } from '../../temporal/server/server-connection.ts';
import { startDetached } from '../../api/runs/detach-run.ts';
import { executeRun } from '../../api/runs/execute-run.ts';
import { runStatus } from '../../api/runs/run-summary.ts';
import { LiveView, PlainView } from './live-view.ts';
import { formatResult, nextCommands } from './format-result.ts';
import { print, printError, say } from '../print.ts';

export interface StartOptions {
  detach?: true;
  json?: true;
}

/** Executes a run in the foreground, or detached. Prints its outcome. */
export async function startRun(
  home: Home,
  id: string,
  fresh: readonly string[],
  { detach, json }: StartOptions,
): Promise<void> {
  const here = { configured: configuredServer(process.env), environment: process.env };
  if (detach) {
    await new RunRecords(home).disown(id); // another process takes it over
    await startDetached(home, id, fresh, here);
    if (json) print(JSON.stringify({ run: id, status: 'running' }));
    else say(`Run ${id} continues in the background; see: textcraftor status ${id} --watch`);
    return;
  }
  // With --json, only the object goes to standard output.
  const note = (line: string): void => (json ? printError(line) : say(line));
  const view = process.stdout.isTTY && !json ? new LiveView(process.stdout) : new PlainView(note);
  try {
    const run = await executeRun({ home, id, fresh, view, note, ...here });
    if (!json) note(await describeEnd(home, run));
  } finally {
    if (json) print(JSON.stringify(await runStatus(home, id), null, 2));
  }
}

async function describeEnd(home: Home, run: Run): Promise<string> {
  // These load modules that a run does not need.
  const { describeRun } = await import('../../api/runs/report-of-run.ts');
  const { reportInputs } = await import('../../evaluation/report/read-run.ts');
  const registered = await readRegistered(run.folder);
  // Other pipelines may have no report.
  const has = (name: string): boolean => run.stages.some((stage) => stage.name === name && stage.artifact);
  const ended = reportInputs.every(has) ? await describeRun(home, run) : undefined;
  const report = ended?.report ?? null;
  return [
    `Run ${run.id} is complete.`,
    ended && formatResult(ended),
    registered && describeRegistered(registered),
    report === null ? undefined : `Report: ${relative(process.cwd(), report)}`,
    ended && nextCommands(ended),
  ]
    .filter((line) => line !== undefined)
    .join('\n');
}
