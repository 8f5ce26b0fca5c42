import { setTimeout as sleep } from 'node:timers/promises';
import { summarizeRun } from '../../api/runs/run-summary.ts';
import { interruption, whenInterrupted } from '../../common/interrupt.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords, type Run } from '../../pipeline/runs/runs.ts';
import { print } from '../print.ts';
import { LiveView, PlainView } from './live-view.ts';

const watchMilliseconds = 250;

/**
 * Shows a run until it has ended, also through pauses; as JSON, a line for each change.
 * @returns its last state
 * @throws CancelledError when the command is interrupted; the run goes on
 */
export async function watchStatus(home: Home, name: string, json: boolean): Promise<Run> {
  const records = new RunRecords(home);
  const { id } = await records.read(name);
  whenInterrupted(`run ${id} goes on; see: textcraftor status ${id}`);
  const interrupted = interruption();
  const view = process.stdout.isTTY ? new LiveView(process.stdout) : new PlainView(print);
  let shown = '';
  for (;;) {
    interrupted.throwIfAborted();
    const run = await records.read(id);
    const line = json ? JSON.stringify(summarizeRun(run)) : run.status;
    if (json && line !== shown) print(line);
    if (!json) view.update(run);
    shown = line;
    if (run.status !== 'running' && run.status !== 'paused') return run;
    await sleep(watchMilliseconds, undefined, { signal: interrupted }).catch(() => {});
  }
}
