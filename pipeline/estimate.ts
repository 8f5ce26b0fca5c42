import type { StageWork } from './stage.ts';
import { availableParallelism, hostname } from 'node:os';
import { canonicalJson } from '../common/files.ts';
import type { StageResult } from './store/stage-results.ts';

export interface Estimate {
  seconds: number;
  /** What it is told from, for people. */
  from: string;
  /** `measured`: the same unit on the same model; `scaled`: on a model of another size or another machine; `rough`: nothing was measured. */
  basis: 'measured' | 'scaled' | 'rough';
}

/** Seconds that a processor core takes for one parameter at one place of the latents, forward: 0.3 operations at 20 G/s. */
const coreSeconds = 1.5e-11;

const total = ({ count, cost }: StageWork): number => count * cost;
const engineOf = ({ parts }: Pick<StageResult, 'parts'>): string => canonicalJson(parts.engine ?? null);

/**
 * How long a stage may take, from what it took before; undefined where nothing tells.
 * @param results of this stage, newest first
 * @param engine what it would be computed with, as JSON
 */
export function estimateStage(
  work: StageWork | undefined,
  results: readonly StageResult[],
  { engine, onCpu, host = hostname() }: { engine: string; onCpu: boolean; host?: string },
): Estimate | undefined {
  if (!work) {
    const [last] = results;
    return last && { seconds: last.seconds, basis: 'measured', from: `as in run ${last.run}` };
  }
  const measured = results.filter((result) => result.work?.unit === work.unit && total(result.work) > 0);
  // The same machine, engine and model first; among equals the one that did most, since starting costs as much for few steps.
  const fit = (result: StageResult): number =>
    (result.host === host ? 4 : 0) + (engineOf(result) === engine ? 2 : 0) + (result.work!.cost === work.cost ? 1 : 0);
  const [best] = measured.toSorted((a, b) => fit(b) - fit(a) || total(b.work!) - total(a.work!));
  if (best) {
    const { count, unit, cost } = best.work!;
    const seconds = (best.seconds * total(work)) / total(best.work!);
    const where = best.host === host ? 'on this machine' : `on ${best.host ?? 'another machine'}`;
    const from = `${formatCount(count)} ${unit} ${where}, run ${best.run}`;
    if (fit(best) === 7) return { seconds, basis: 'measured', from: `measured: ${from}` };
    const ratio = work.cost / cost;
    const scaled =
      ratio === 1 ? 'another engine' : `a ${unit.replace(/s$/, '')} there costs ${formatRatio(1 / ratio)} of one here`;
    return { seconds, basis: 'scaled', from: `scaled from ${from}: ${scaled}` };
  }
  if (!onCpu || work.cost <= 1) return undefined;
  const cores = availableParallelism();
  const seconds = (total(work) * coreSeconds) / cores;
  return {
    seconds,
    basis: 'rough',
    from: `rough: from the size of the model and ${cores} processor cores; nothing was measured`,
  };
}

const formatCount = (count: number): string => (Number.isInteger(count) ? String(count) : count.toFixed(1));
const formatRatio = (ratio: number): string =>
  ratio >= 0.01 && ratio < 1000 ? `${Number(ratio.toPrecision(2))}` : ratio.toExponential(0);
