import { join } from 'node:path';
import { canonicalJson, writeFileAtomic } from '../../common/files.ts';
import { readResult } from '../../common/files/result-file.ts';
import { inLanes } from '../runs/side-by-side.ts';
import { ablationsPage, type Ablation } from '../../evaluation/ablations/ablations-page.ts';
import {
  combinations,
  describe,
  settingsOf,
  type Ablations,
  type Combination,
} from '../../evaluation/ablations/setting-combinations.ts';
import { CHOSEN, EXPORTED } from '../../evaluation/arms/arm-names.ts';
import { isGoal } from '../../evaluation/comparison/metrics.ts';
import { COMPARISONS } from '../../evaluation/results.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { RunRecords } from '../../pipeline/runs/runs.ts';
import { verifiedFolders } from '../runs/artifact-folders.ts';

export interface AblationOptions {
  home: Home;
  ablations: Ablations;
  /** Folder of ablations.md and ablations.json. */
  out: string;
  lanes: number;
  /** Runs the configuration with these settings until it completes or fails. @returns the run's id */
  run(settings: readonly string[]): Promise<string>;
  note(line: string): void;
}

/**
 * Runs every combination (common stages run once) and writes the results.
 * @returns the page's path
 * @example
 * ```ts
 * import { runAblations } from './api/ablations/run-ablations.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * // Runs of three seeds, which have ended.
 * const runs: Record<string, string> = { 'seed=1': 'tiny-1', 'seed=2': 'tiny-2', 'seed=3': 'tiny-3' };
 * const page = await runAblations({
 *   home: new Home('.textcraftor'),
 *   ablations: [{ seed: [1, 2, 3] }],
 *   out: 'seeds',
 *   lanes: 1,
 *   run: async ([seed]) => runs[seed!]!,
 *   note: console.log,
 * });
 * console.log(page); // seeds/ablations.md
 * ```
 */
export async function runAblations({ home, ablations, out, lanes, run, note }: AblationOptions): Promise<string> {
  const records = new RunRecords(home);
  const groups = ablations.map((group) => combinations(group));
  const found = new Map<Combination, Ablation>();
  await inLanes(groups.flat(), lanes, async (settings) => {
    note(describe(settings));
    const id = await run(settingsOf(settings));
    const record = await records.read(id);
    const { status } = record;
    const folder = status === 'completed' ? (await verifiedFolders(home, record, ['evaluate']))['evaluate'] : undefined;
    const all = folder === undefined ? [] : await readResult(COMPARISONS, folder);
    const comparisons = all.filter(
      ({ arm, against, metric }) => (arm === CHOSEN || arm === EXPORTED) && against === 'base' && isGoal(metric),
    );
    const error = record.stages.find(({ error }) => error)?.error?.message;
    found.set(settings, { settings, run: id, status, comparisons, ...(error === undefined ? {} : { error }) });
  });
  const results = groups.map((group) => group.map((settings) => found.get(settings)!));
  const page = join(out, 'ablations.md');
  await writeFileAtomic(join(out, 'ablations.json'), `${canonicalJson(results)}\n`);
  await writeFileAtomic(page, ablationsPage(results));
  return page;
}
