import { join, resolve } from 'node:path';
import { canonicalJson, writeFileAtomic } from '../../common/files.ts';
import { Bootstraps } from '../../common/statistics.ts';
import { InputError } from '../../common/errors.ts';
import { worldOf, type Config } from '../../pipeline/config/config.ts';
import { loadConfig } from '../../pipeline/config/config-file.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import type { Run } from '../../pipeline/runs/run.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { textcraftor } from '../../pipeline/textcraftor.ts';
import { inLanes } from '../runs/side-by-side.ts';
import { armPlot } from '../../evaluation/paper/arm-plot.ts';
import { claims } from '../../evaluation/paper/claims.ts';
import { combine, meansOf } from '../../evaluation/paper/combine-seeds.ts';
import { fullBudget, quickBudget, variants } from '../../evaluation/paper/matrix.ts';
import { PLOTTED, resultsPage } from '../../evaluation/paper/paper-page.ts';
import { duration } from '../../evaluation/report/format-numbers.ts';
import { WORLD_NAMES, type WorldName } from '../../world/scenes/common/world-names.ts';
import { pictureRows } from '../../evaluation/paper/paper-pictures.ts';
import type { CollectedRun, Stop } from '../../evaluation/paper/paper-results.ts';
import { collect, stopOf } from './collect.ts';
import { expectedWork, saidOf, settingsOf, type PaperRun } from './expected-time.ts';
import { writePagePictures } from './page-pictures.ts';
import { refusePublished } from './published-page.ts';

export interface PaperOptions {
  home: Home;
  /** Its configuration, whose prompts are those of an embedded world. */
  config: string;
  /** Relative paths of the configuration and the page start here. */
  folder: string;
  /** Folder of results.md, results.json and images/. */
  out: string;
  quick: boolean;
  /** Number of runs at once. */
  lanes: number;
  /** Environment of each run. */
  threads: number;
  /** Runs a configuration until it completes or fails. @returns the run's id */
  run(config: string, settings: readonly string[]): Promise<string>;
  note(line: string): void;
}

/**
 * Runs every variant with every seed (existing results are reused), and writes the comparison: results.md, results.json, and
 * pictures and plots in images/. A quick run never replaces the page of a full one.
 * @returns the page's path
 * @throws InputError for a folder with the page of a full run, RunError that names a run that did not complete
 * @example
 * ```ts
 * import { readConfiguration } from './api/configuration.ts';
 * import { paper } from './api/paper/write-paper.ts';
 * import { createRun } from './api/runs/create-run.ts';
 * import { executeRun } from './api/runs/execute-run.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const home = new Home('.textcraftor');
 * const note = console.log;
 * const folder = process.cwd();
 * const page = await paper({
 *   home,
 *   config: 'configs/paper.yaml',
 *   folder,
 *   out: 'paper-quick',
 *   quick: true,
 *   lanes: 1,
 *   threads: 2,
 *   note,
 *   async run(file, set) {
 *     const configuration = { file, set, folder, hub: { cache: 'hub' } };
 *     const { id } = await createRun(home, await readConfiguration(home, configuration));
 *     const view = { update: () => {}, end: () => {} };
 *     const options = { home, id, fresh: [], view, configured: undefined, environment: process.env, note };
 *     await executeRun(options).catch(note);
 *     return id;
 *   },
 * });
 * console.log(page); // paper-quick/results.md
 * ```
 */
export async function paper(options: PaperOptions): Promise<string> {
  const { home, config, folder, out, quick, lanes, threads, run, note } = options;
  if (quick) await refusePublished(out, folder);
  const source = worldOf(await loadConfig(textcraftor, { file: config, settings: [], folder }));
  const world = WORLD_NAMES.find((name) => name === source);
  if (!world) throw new InputError(`${config}: "prompts.source" is no embedded world, which the comparison needs.`);
  const budget = quick ? quickBudget : fullBudget;
  const records = new RunRecords(home);
  // Variants of a seed share the encoder's tuning, so all seeds of one come before the next.
  const seeds = Array.from({ length: budget.seeds }, (_, i) => i + 1);
  const tasks = variants(budget, world).flatMap((variant) =>
    seeds.slice(0, variant.seeds).map((seed): PaperRun => ({ variant, seed })),
  );
  note(saidOf(await expectedWork(config, tasks, world, folder), lanes));
  const started = Date.now();
  const ended = new Map<PaperRun, Run>();
  let trained: string[] = [];
  await inLanes(tasks, lanes, async (task) => {
    note(`Variant ${task.variant.name}, seed ${task.seed}`);
    const id = await run(config, [...settingsOf(task), `engine.threads=${threads}`]);
    trained = ((await records.config(id)) as Config).rewards.map(({ name }) => name);
    ended.set(task, await records.read(id));
  });
  note(`All runs took ${duration((Date.now() - started) / 1000)}.`);
  const runs: CollectedRun[] = [];
  const stops: Stop[] = [];
  for (const task of tasks) {
    const { variant, seed } = task;
    if (variant.collapses) stops.push(stopOf(ended.get(task)!, variant, seed));
    else runs.push(await collect(home, ended.get(task)!, variant, seed));
  }
  return write(options, { world, runs, stops, trained });
}

interface Collected {
  world: WorldName;
  runs: readonly CollectedRun[];
  stops: readonly Stop[];
  trained: readonly string[];
}

/** Writes the page, its numbers, plots and pictures. @returns the page's path */
async function write(
  { folder, out, quick }: PaperOptions,
  { world, runs, stops, trained }: Collected,
): Promise<string> {
  const at = (...path: string[]) => resolve(folder, out, ...path);
  const results = combine(runs);
  const bootstraps = new Bootstraps(1);
  const { rephrased, variant } = runs[0]!;
  const found = claims({ results, rephrased, steps: variant.steps, trained, bootstraps, stops });
  const pictures = pictureRows(runs);
  await writePagePictures(pictures, at());
  for (const [metric, title] of PLOTTED)
    await writeFileAtomic(at('images', `results-${metric}.svg`), armPlot(results, metric, title, bootstraps));
  const costs = runs.map(({ variant, seed, tuning }) => ({ variant: variant.name, seed, tuning }));
  const numbers = { quick, world, means: meansOf(results), claims: found, costs };
  await writeFileAtomic(at('results.json'), `${canonicalJson(numbers)}\n`);
  const page = { world, results, claims: found, runs, trained, pictures, quick };
  await writeFileAtomic(at('results.md'), resultsPage(page));
  return join(out, 'results.md');
}
