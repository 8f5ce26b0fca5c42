import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../../common/errors.ts';
import { nearest } from '../../common/text/nearest.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords, type Run } from '../../pipeline/runs/runs.ts';
import { TuningLines } from './tuning-lines.ts';
import { readFrom } from './read-lines.ts';

const pollMilliseconds = 500;

export interface LogOptions {
  /** Only this stage; default: all. */
  stage?: string | undefined;
  /** Wait for new lines until the run ends, also through pauses; the metrics of tuning are among them. */
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
 * import { readLogs } from './api/logs/read-logs.ts';
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
  const tuning = new TuningLines(home);
  for (;;) {
    // The status is read first, so that lines written before the run ended are still returned.
    const { status, stages } = await records.read(run.id);
    for (const [each, position] of positions) {
      const { text, end } = await readFrom(records.log(run.id, each), position);
      positions.set(each, end);
      if (text !== '') yield { stage: each, text };
      const record = follow ? stages.find((known) => known.name === each) : undefined;
      const metrics = record ? await tuning.next(record) : '';
      if (metrics !== '') yield { stage: each, text: metrics };
    }
    if (!follow || (status !== 'running' && status !== 'paused')) return;
    await sleep(pollMilliseconds);
  }
}

function stagesOf(run: Run, stage: string | undefined): string[] {
  const names = run.graph.map((node) => node.name);
  if (stage === undefined) return names;
  if (names.includes(stage)) return [stage];
  throw new InputError(`Run ${run.id} has no stage "${stage}"; did you mean "${nearest(stage, names)}"?`);
}
