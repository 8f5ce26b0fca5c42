import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '../../common/errors.ts';
import type { BenchmarkResult } from '../../evaluation/report/data.ts';
import type { Home } from '../../pipeline/home.ts';
import type { Run } from '../../pipeline/runs.ts';
import { artifactFolders } from '../run/report.ts';
import type { Results } from './claims.ts';
import type { Variant } from './matrix.ts';

/** The scores of one run's benchmark, and how long its stages took when they were made. */
export interface CollectedRun {
  variant: Variant;
  seed: number;
  benchmark: BenchmarkResult;
  /** Seconds and reward evaluations of the stages that tune. */
  tuning: { stage: string; seconds: number; rewardEvaluations: number }[];
}

const TUNING = ['tune-encoder', 'tune-unet', 'ddpo-encoder', 'ddpo-unet', 'direct'];

export async function collect(home: Home, run: Run, variant: Variant, seed: number): Promise<CollectedRun> {
  const folders = artifactFolders(home, run);
  const read = async <T>(...path: string[]) => JSON.parse(await readFile(join(...path), 'utf8')) as T;
  const folder = folders['evaluate'];
  if (folder === undefined) throw new RunError(`Run ${run.id} has no evaluation any more; start npm run paper again.`);
  const tuning = await Promise.all(
    TUNING.filter((stage) => folders[stage] !== undefined).map(async (stage) => {
      const { rewardEvaluations = 0 } = await read<{ rewardEvaluations?: number }>(folders[stage]!, 'summary.json');
      const seconds = run.stages.find(({ name, status }) => name === stage && status === 'ran')?.seconds ?? NaN;
      return { stage, seconds, rewardEvaluations };
    }),
  );
  return { variant, seed, tuning, benchmark: await read<BenchmarkResult>(folder, 'benchmarks', 'world.json') };
}

/**
 * Every arm's values a prompt, averaged over the seeds. The base is the same in all variants of a seed, since start noise
 * goes by the seed, so arms of different variants are paired.
 */
export function combine(runs: readonly CollectedRun[]): Results {
  const sums = new Map<string, Map<string, { sum: Float64Array; seeds: number }>>();
  for (const { variant, benchmark } of runs)
    for (const [own, name] of Object.entries(variant.arms))
      for (const [metric, values] of Object.entries(benchmark.scores[own] ?? {})) {
        const metrics = sums.get(name) ?? new Map<string, { sum: Float64Array; seeds: number }>();
        sums.set(name, metrics);
        const entry = metrics.get(metric) ?? { sum: new Float64Array(values.length), seeds: 0 };
        metrics.set(metric, entry);
        entry.seeds++;
        values.forEach((value, i) => (entry.sum[i]! += value ?? NaN));
      }
  return Object.fromEntries(
    [...sums].map(([arm, metrics]) => [
      arm,
      Object.fromEntries([...metrics].map(([metric, { sum, seeds }]) => [metric, sum.map((value) => value / seeds)])),
    ]),
  );
}
