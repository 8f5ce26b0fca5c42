import { join } from 'node:path';
import { canonicalJson, writeFileAtomic } from '../../common/files.ts';
import { Bootstraps } from '../../common/statistics.ts';
import type { Config } from '../../pipeline/config/config.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import type { Run } from '../../pipeline/runs/run.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { inLanes } from '../runs/side-by-side.ts';
import { armPlot } from '../../evaluation/paper/arm-plot.ts';
import { claims, meansOf } from '../../evaluation/paper/claims.ts';
import { combine } from '../../evaluation/paper/combine-seeds.ts';
import { fullBudget, quickBudget, runName, variants } from '../../evaluation/paper/matrix.ts';
import { resultsPage } from '../../evaluation/paper/paper-page.ts';
import type { CollectedRun, Stop } from '../../evaluation/paper/paper-results.ts';
import { collect, stopOf } from './collect.ts';

export interface PaperOptions {
  home: Home;
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
 * Runs every variant with every seed (existing results are reused), and writes the comparison: results.md, results.json and
 * plots in images/.
 * @returns the page's path
 * @throws RunError that names a run that did not complete
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
 * const page = await paper({
 *   home,
 *   out: 'docs',
 *   quick: true,
 *   lanes: 1,
 *   threads: 2,
 *   note,
 *   async run(file, set) {
 *     const configuration = { file, set, folder: process.cwd(), hub: { cache: 'hub' } };
 *     const { id } = await createRun(home, await readConfiguration(home, configuration));
 *     const view = { update: () => {}, end: () => {} };
 *     const options = { home, id, fresh: [], view, configured: undefined, environment: process.env, note };
 *     await executeRun(options).catch(note);
 *     return id;
 *   },
 * });
 * console.log(page); // docs/results.md
 * ```
 */
export async function paper({ home, out, quick, lanes, threads, run, note }: PaperOptions): Promise<string> {
  const budget = quick ? quickBudget : fullBudget;
  const records = new RunRecords(home);
  // Variants of a seed share the encoder's tuning, so all seeds of one come before the next.
  const seeds = Array.from({ length: budget.seeds }, (_, i) => i + 1);
  const tasks = variants(budget).flatMap((variant) => seeds.slice(0, variant.seeds).map((seed) => ({ variant, seed })));
  const ended = new Map<(typeof tasks)[number], Run>();
  let trained: string[] = [];
  await inLanes(tasks, lanes, async (task) => {
    const { variant, seed } = task;
    note(`Variant ${variant.name}, seed ${seed}`);
    const id = await run('configs/paper.yaml', [
      ...variant.settings,
      `engine.threads=${threads}`,
      `seed=${seed}`,
      `name=${runName(variant, seed)}`,
    ]);
    trained = ((await records.config(id)) as Config).rewards.map(({ name }) => name);
    ended.set(task, await records.read(id));
  });
  const runs: CollectedRun[] = [];
  const stops: Stop[] = [];
  for (const task of tasks) {
    const { variant, seed } = task;
    if (variant.collapses) stops.push(stopOf(ended.get(task)!, variant, seed));
    else runs.push(await collect(home, ended.get(task)!, variant, seed));
  }
  const results = combine(runs);
  const bootstraps = new Bootstraps(1);
  const found = claims({ results, trained, bootstraps, stops });
  const page = join(out, 'results.md');
  await writeFileAtomic(page, resultsPage({ results, claims: found, runs, trained, quick }));
  const costs = runs.map(({ variant, seed, tuning }) => ({ variant: variant.name, seed, tuning }));
  await writeFileAtomic(
    join(out, 'results.json'),
    `${canonicalJson({ quick, means: meansOf(results), claims: found, costs })}\n`,
  );
  for (const [metric, title] of [
    ['heldOut', 'Held-out reward'],
    ['oracle', 'Oracle'],
  ] as const)
    await writeFileAtomic(join(out, 'images', `results-${metric}.svg`), armPlot(results, metric, title, bootstraps));
  return page;
}
