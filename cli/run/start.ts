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
import { print, printError } from '../print.ts';

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
    print(
      json
        ? JSON.stringify({ run: id, status: 'running' })
        : `Run ${id} continues in the background; see: textcraftor status ${id}`,
    );
    return;
  }
  // With --json, only the object goes to standard output.
  const note = (line: string): void => (json ? printError(line) : print(line));
  const view = process.stdout.isTTY && !json ? new LiveView(process.stdout) : new PlainView(note);
  try {
    const run = await executeRun({ home, id, fresh, view, note, ...here });
    if (!json) note(await describeEnd(home, run));
  } finally {
    if (json) print(JSON.stringify(await runStatus(home, id), null, 2));
  }
}

async function describeEnd(home: Home, run: Run): Promise<string> {
  const { writeRunReport } = await import('../../api/runs/report-of-run.ts'); // loads modules that a run does not need
  const report = await writeRunReport(home, run);
  const lines = [`Run ${run.id} is complete.`];
  const registered = await readRegistered(run.folder);
  if (registered) lines.push(describeRegistered(registered));
  if ('path' in report) lines.push(`Report: ${relative(process.cwd(), report.path)}`);
  return lines.join('\n');
}
