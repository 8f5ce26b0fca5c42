import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../pipeline/config/config.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords, type Run, type StageFile } from '../../pipeline/runs/runs.ts';
import { ArtifactStore } from '../../pipeline/store/artifact-store.ts';
import { ATTRIBUTES, DIVERSITY } from '../../training/alarm/collapse.ts';
import { metricRecord, type MetricRecord } from '../logs/metric-record.ts';
import { METRICS_FILE, VALIDATION_FILE } from '../../training/training-names.ts';

/** Stages that write metrics while they tune. */
export const TUNING = ['tune-encoder', 'tune-unet'] as const;

/** Most points of a curve; of longer ones every second, third ... step is returned, and always the last. */
const MOST_POINTS = 2000;

/** A measure over the training steps; null at a step that lacks it. */
export interface Series {
  name: string;
  values: (number | null)[];
  /** The least value that the alarm tolerates, where the records tell it. */
  least?: number;
}

/** Measures that share their steps. */
export interface Curves {
  steps: number[];
  series: Series[];
}

/** What a tuning stage has measured so far. */
export interface StageCurves {
  stage: string;
  /** Of the training pictures, each step. */
  training: Curves;
  /** Of the alarm's validation prompts, at each of its checks; the first is the base. */
  validation: Curves;
}

/**
 * Reads the curves of a run's tuning stages: of their artifacts, or while they run of their unfinished work. The bound
 * of a similarity or of the held-out reward depends on single prompts, which are not recorded, so those have none.
 * @param name its id, or `latest`
 * @throws InputError when there is no such run
 * @example
 * ```ts
 * import { runCurves } from './api/watch/run-curves.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * for (const { stage, training } of await runCurves(new Home('.textcraftor'), 'latest'))
 *   console.log(stage, training.steps.at(-1), training.series.map(({ name, values }) => [name, values.at(-1)]));
 * ```
 */
export async function runCurves(home: Home, name: string): Promise<StageCurves[]> {
  const records = new RunRecords(home);
  const run = await records.read(name);
  const { alarm } = (await records.config(run.id)) as Partial<Config>;
  const found = await Promise.all(TUNING.map((stage) => readStage(home, run, stage, alarm)));
  return found.filter((curves) => curves !== undefined);
}

async function readStage(
  home: Home,
  run: Run,
  name: string,
  alarm: Config['alarm'] | undefined,
): Promise<StageCurves | undefined> {
  const stage = run.stages.find((each) => each.name === name);
  const folder = stage && metricsFolder(home, stage);
  if (folder === undefined) return undefined;
  const [training, checks] = await Promise.all(
    [METRICS_FILE, VALIDATION_FILE].map((file) => lines(join(folder, file))),
  );
  const validation = curvesOf(checks!);
  for (const series of validation.series) {
    const least = boundOf(series, alarm);
    if (least !== undefined) series.least = least;
  }
  return { stage: name, training: curvesOf(training!), validation };
}

/**
 * Returns the folder with a tuning stage's metrics: its artifact, or while it runs its unfinished work.
 * @example
 * ```ts
 * import { metricsFolder } from './api/watch/run-curves.ts';
 * import { Home } from './pipeline/runs/home.ts';
 * import { RunRecords } from './pipeline/runs/runs.ts';
 *
 * const home = new Home('.textcraftor');
 * const { stages } = await new RunRecords(home).read('latest');
 * console.log(metricsFolder(home, stages.find(({ name }) => name === 'tune-encoder')!));
 * ```
 */
export function metricsFolder(home: Home, { name, key, artifact }: StageFile): string | undefined {
  if (artifact) return new ArtifactStore(home.artifacts).folder(artifact.sha256);
  return key === undefined ? undefined : join(home.work(name, key), 'scratch');
}

function boundOf({ name, values }: Series, alarm: Config['alarm'] | undefined): number | undefined {
  const [base] = values;
  if (!alarm || base === null || base === undefined) return undefined;
  if (name === DIVERSITY) return base * (1 - alarm.diversity);
  return name === ATTRIBUTES ? base - alarm.attributes : undefined;
}

/** Reads the whole lines of a file that may still be written to; a line that is no record ends it. */
async function lines(path: string): Promise<MetricRecord[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const found: MetricRecord[] = [];
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    const record = metricRecord(line);
    if (record) found.push(record);
    else if (line !== '') break;
  }
  return found;
}

function curvesOf(all: readonly MetricRecord[]): Curves {
  const stride = Math.max(1, Math.ceil(all.length / MOST_POINTS));
  const records = all.filter((_, i) => i % stride === 0 || i === all.length - 1);
  const names = new Set(records.flatMap((record) => Object.keys(record)));
  names.delete('step');
  return {
    steps: records.map((record) => record.step),
    series: [...names].map((name) => ({
      name,
      values: records.map((record) => (Number.isFinite(record[name]) ? record[name]! : null)),
    })),
  };
}
