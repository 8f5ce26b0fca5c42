import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../../common/errors.ts';
import { nearest } from '../../common/text/nearest.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords, type Run } from '../../pipeline/runs/runs.ts';

const pollMilliseconds = 500;

export interface LogOptions {
  /** Only this stage; default: all. */
  stage?: string | undefined;
  /** Wait for new lines until the run ends. */
  follow?: boolean | undefined;
}

/** Whole lines of a stage's log. */
export interface LogLines {
  stage: string;
  text: string;
}

/**
 * Reads the logs of a run's stages, in the order of the pipeline.
 * @param name its id, or `latest`
 * @throws InputError when there is no such run or stage
 * @example
 * ```ts
 * import { readLogs } from './api/runs/read-logs.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * for await (const { stage, text } of readLogs(new Home('.textcraftor'), 'latest', { follow: true }))
 *   console.log(`${stage}: ${text}`);
 * ```
 */
export async function* readLogs(
  home: Home,
  name: string,
  { stage, follow = false }: LogOptions = {},
): AsyncGenerator<LogLines> {
  const records = new RunRecords(home);
  const run = await records.read(name);
  const positions = new Map(stagesOf(run, stage).map((each) => [each, 0]));
  for (;;) {
    // The status is read first, so that lines written before the run ended are still returned.
    const { status } = await records.read(run.id);
    for (const [each, position] of positions) {
      const { text, end } = await readFrom(records.log(run.id, each), position);
      positions.set(each, end);
      if (text !== '') yield { stage: each, text };
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

/** Reads whole lines from a position, and returns the position after them. */
async function readFrom(path: string, position: number): Promise<{ text: string; end: number }> {
  const file = await open(path).catch(() => undefined);
  if (!file) return { text: '', end: position };
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - position), position });
    const length = buffer.lastIndexOf(0x0a, bytesRead - 1) + 1;
    return { text: buffer.toString('utf8', 0, length), end: position + length };
  } finally {
    await file.close();
  }
}
