import { join } from 'node:path';
import { METRICS_FILE, VALIDATION_FILE } from '../../training/training-names.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import type { StageFile } from '../../pipeline/runs/runs.ts';
import { metricRecord, type MetricRecord } from './metric-record.ts';
import { readFrom } from './read-lines.ts';
import { metricsFolder, TUNING } from '../watch/run-curves.ts';

/** How many of the lines that are there at the start are shown. */
const FIRST = 5;

/** Where a file was read up to. */
interface Position {
  path: string;
  end: number;
  /** The last training step that was shown. */
  step: number;
}

/**
 * Follows the metrics of tuning stages, as lines for people: `step 12: loss 0.53, reward.clip 0.31`.
 * @example
 * ```ts
 * import { TuningLines } from './api/logs/tuning-lines.ts';
 * import { Home } from './pipeline/runs/home.ts';
 * import { RunRecords } from './pipeline/runs/runs.ts';
 *
 * const home = new Home('.textcraftor');
 * const lines = new TuningLines(home);
 * for (const stage of (await new RunRecords(home).read('latest')).stages) console.log(await lines.next(stage));
 * ```
 */
export class TuningLines {
  readonly #home: Home;
  readonly #positions = new Map<string, Position>();

  constructor(home: Home) {
    this.#home = home;
  }

  /** Returns the lines that a stage has written since the last call; at first only the latest. Empty for other stages. */
  async next(stage: StageFile): Promise<string> {
    const folder = (TUNING as readonly string[]).includes(stage.name) ? metricsFolder(this.#home, stage) : undefined;
    if (folder === undefined) return '';
    const steps = await this.#read(stage.name, folder, METRICS_FILE, 'step');
    return steps + (await this.#read(stage.name, folder, VALIDATION_FILE, 'validation at step'));
  }

  async #read(stage: string, folder: string, file: string, what: string): Promise<string> {
    const name = `${stage}/${file}`;
    const path = join(folder, file);
    const known = this.#positions.get(name);
    // Another folder, or a file that begins anew after a checkpoint, has lines that were shown.
    const { end: from, step: shown } = known?.path === path ? known : { end: 0, step: known?.step ?? -1 };
    const { text, end } = await readFrom(path, from);
    const records = text.split('\n').flatMap((line) => metricRecord(line) ?? []);
    const fresh = records.filter(({ step }) => step > shown);
    this.#positions.set(name, { path, end, step: fresh.at(-1)?.step ?? shown });
    return (known ? fresh : fresh.slice(-FIRST)).map((record) => `${what} ${describe(record)}\n`).join('');
  }
}

function describe({ step, ...metrics }: MetricRecord): string {
  const values = Object.entries(metrics).flatMap(([name, value]) =>
    typeof value === 'number' ? [`${name} ${Number(value.toPrecision(4))}`] : [],
  );
  return `${step}: ${values.join(', ')}`;
}
