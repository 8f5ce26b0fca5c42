import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../../common/errors.ts';
import { visible } from '../../common/text/visible.ts';
import { nearest } from '../../common/text/nearest.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords, type Run } from '../../pipeline/runs/runs.ts';

const pollMilliseconds = 500;

/** Prints the log of one stage, or of all in the order of the pipeline; then new lines, if `follow` is set. */
export async function printLogs(home: Home, name: string, stage: string | undefined, follow: boolean): Promise<void> {
  const records = new RunRecords(home);
  const run = await records.read(name);
  const stages = stagesOf(run, stage);
  const printed = new Map<string, number>();
  for (;;) {
    // The status is read first, so that lines written before the run ended are still printed.
    const { status } = await records.read(run.id);
    for (const each of stages) {
      const path = records.log(run.id, each);
      printed.set(each, await printFrom(path, printed.get(each) ?? 0, stages.length > 1 ? `${each}: ` : ''));
    }
    if (!follow || status !== 'running') return;
    await sleep(pollMilliseconds);
  }
}

function stagesOf(run: Run, stage: string | undefined): string[] {
  const names = run.graph.map((node) => node.name);
  if (stage === undefined) return names;
  if (names.includes(stage)) return [stage];
  throw new InputError(`Run ${run.id} has no stage "${stage}"; did you mean "${nearest(stage, names)}"?`);
}

/** Prints whole lines from a position, and returns the position after them. */
async function printFrom(path: string, position: number, prefix: string): Promise<number> {
  const file = await open(path).catch(() => undefined);
  if (!file) return position;
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - position), position });
    const end = buffer.lastIndexOf(0x0a, bytesRead - 1) + 1;
    const text = buffer.toString('utf8', 0, end);
    if (end > 0) process.stdout.write(visible(text).replace(/^(?=.)/gm, prefix));
    return position + end;
  } finally {
    await file.close();
  }
}
