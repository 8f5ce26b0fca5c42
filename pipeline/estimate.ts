import type { StageWork } from './stage.ts';
import { availableParallelism, hostname } from 'node:os';
import { canonicalJson } from '../common/files.ts';
import type { StageResult } from './store/stage-results.ts';

export interface Estimate {
  seconds: number;
  /** Basis of the estimate in words. */
  from: string;
  /** `measured`: same unit and model; `scaled`: model of another size, or another machine; `rough`: nothing measured. */
  basis: 'measured' | 'scaled' | 'rough';
}

/** Seconds per core for one parameter at one position of the latents, forward: 0.3 operations at 20 G/s. */
const coreSeconds = 1.5e-11;

const total = ({ count, cost }: StageWork): number => count * cost;
/** Seconds per unit of cost, and before the first unit. */
interface Pace {
  rate: number;
  start: number;
}

/**
 * Separates the time of a result into start-up and rate: by what was recorded, else by another result with another
 * amount of work, else all of it is work.
 * @param others results on the same machine, engine and model
 */
function paceOf(result: StageResult, others: readonly StageResult[]): Pace {
  const { seconds, startUps } = result;
  const amount = total(result.work!);
  if (startUps && startUps.times > 0 && startUps.seconds < seconds)
    return { rate: (seconds - startUps.seconds) / amount, start: startUps.seconds / startUps.times };
  for (const other of others) {
    const ratio = amount / total(other.work!);
    if (ratio < 2 && ratio > 0.5) continue; // noise would outweigh the difference
    const rate = (seconds - other.seconds) / (amount - total(other.work!));
    const start = seconds - rate * amount;
    if (Number.isFinite(rate) && rate > 0 && start >= 0) return { rate, start };
  }
  return { rate: seconds / amount, start: 0 };
}

const engineOf = ({ parts }: Pick<StageResult, 'parts'>): string => canonicalJson(parts.engine ?? null);

/**
 * Estimates how long a stage will take from earlier results; undefined if there is no basis.
 * @param results of this stage, newest first
 * @param engine the engine that would compute it, as JSON
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
  // Prefer the same machine, engine and model; then the result with most work, where start-up weighs least.
  const fit = (result: StageResult): number =>
    (result.host === host ? 4 : 0) + (engineOf(result) === engine ? 2 : 0) + (result.work!.cost === work.cost ? 1 : 0);
  const [best] = measured.toSorted((a, b) => fit(b) - fit(a) || total(b.work!) - total(a.work!));
  if (best) {
    const { count, unit, cost } = best.work!;
    const { rate, start } = paceOf(
      best,
      measured.filter((other) => fit(other) === fit(best) && other.host === best.host),
    );
    const startUp = Math.max(0, start + rate * ((work.before ?? 0) - (best.work!.before ?? 0)));
    const seconds = startUp + rate * total(work);
    const where = best.host === host ? 'on this machine' : `on ${best.host ?? 'another machine'}`;
    const from = `${formatCount(count)} ${unit} ${where}, run ${best.run}`;
    if (fit(best) === 7) return { seconds, basis: 'measured', from: `measured: ${from}` };
    const ratio = work.cost / cost;
    const scaled =
      ratio === 1
        ? 'another engine'
        : `one ${unit.replace(/s$/, '')} there costs ${formatRatio(1 / ratio)} of one here`;
    return { seconds, basis: 'scaled', from: `scaled from ${from}: ${scaled}` };
  }
  if (!onCpu || work.cost <= 1) return undefined;
  const cores = availableParallelism();
  const seconds = ((total(work) + (work.before ?? 0)) * coreSeconds) / cores;
  return {
    seconds,
    basis: 'rough',
    from: `rough: from the model's size and ${cores} processor cores; nothing was measured`,
  };
}

const formatCount = (count: number): string => (Number.isInteger(count) ? String(count) : count.toFixed(1));
const formatRatio = (ratio: number): string =>
  ratio >= 0.01 && ratio < 1000 ? `${Number(ratio.toPrecision(2))}` : ratio.toExponential(0);
