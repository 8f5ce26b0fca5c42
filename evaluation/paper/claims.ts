import type { Results, Stop } from './paper-results.ts';
import { mean, type Bootstraps } from '../../common/statistics.ts';

export interface Claim {
  text: string;
  verdict: 'holds' | 'does not hold' | 'undecided' | 'not measured';
  /** The numbers behind the verdict. */
  numbers: { metric: string; mean: number; ci95: [low: number, high: number]; n: number }[];
  /** Other facts behind the verdict. */
  remarks?: string[];
}

/** All measurements of the comparison. */
export interface Measured {
  results: Results;
  /** Names of the rewards that were trained on. */
  trained: readonly string[];
  /** Outcomes of the runs that the alarm should stop; all others completed. */
  stops: readonly Stop[];
  bootstraps: Bootstraps;
}

/** Claims that an arm is better than another on metrics: all intervals must lie above 0. */
function better(
  results: Results,
  bootstraps: Bootstraps,
  arm: string,
  against: string,
  metrics: readonly string[],
): Claim {
  const text = `${arm} is better than ${against} (${metrics.map(label).join(', ')})`;
  if (!results[arm] || !results[against]) return { text, verdict: 'not measured', numbers: [] };
  const numbers = metrics.map((metric) => {
    const { mean, ci95, n } = bootstraps.compare(results[arm]![metric]!, results[against]![metric]!);
    return { metric, mean, ci95, n };
  });
  return { text, verdict: verdictOf(numbers.map(({ ci95 }) => ci95)), numbers };
}

/** All intervals above 0, any below 0, or neither. */
export function verdictOf(intervals: readonly (readonly [number, number])[]): Claim['verdict'] {
  if (intervals.every(([low]) => low > 0)) return 'holds';
  return intervals.some(([, high]) => high < 0) ? 'does not hold' : 'undecided';
}

/** Claims that an arm keeps at least nine tenths of the base's diversity. */
function diverse(results: Results, bootstraps: Bootstraps, arm: string): Claim {
  const text = `${arm} keeps at least 90 % of the base's diversity`;
  const [own, base] = [results[arm]?.['diversity'], results['base']?.['diversity']];
  if (!own || !base) return { text, verdict: 'not measured', numbers: [] };
  const { mean, ci95, n } = bootstraps.compare(
    own,
    base.map((value) => 0.9 * value),
  );
  return { text, verdict: verdictOf([ci95]), numbers: [{ metric: 'diversity over 90 %', mean, ci95, n }] };
}

/** Claims that a metric rises with the blend: no step along the curve has its whole interval below 0. */
function monotone(results: Results, bootstraps: Bootstraps, arms: readonly string[], metric: string): Claim {
  const text = `${label(metric)} rises with the blend's weight (0 to 1.25)`;
  if (arms.some((arm) => !results[arm])) return { text, verdict: 'not measured', numbers: [] };
  const steps = arms.slice(1).map((arm, i) => bootstraps.compare(results[arm]![metric]!, results[arms[i]!]![metric]!));
  const verdict = steps.some(({ ci95 }) => ci95[1] < 0) ? 'does not hold' : 'holds';
  return {
    text,
    verdict,
    numbers: steps.map(({ mean, ci95, n }, i) => ({ metric: `${arms[i]} to ${arms[i + 1]}`, mean, ci95, n })),
  };
}

const label = (metric: string) => ({ oracle: 'oracle', heldOut: 'held-out reward' })[metric] ?? metric;
const CURVE = ['base', 'encoder at 0.25', 'encoder at 0.50', 'encoder at 0.75', 'encoder at 1.00', 'encoder at 1.25'];

/**
 * Claims that the alarm stops tuning without the constraint. Runs with it were not stopped, or they would have no
 * results.
 */
function stopped(stops: readonly Stop[]): Claim {
  const text = 'without the CLIP constraint the alarm stops tuning, with it it does not';
  if (stops.length === 0) return { text, verdict: 'not measured', numbers: [] };
  const heard = stops.filter(({ message }) => message !== undefined).length;
  const remarks = stops.map(({ seed, message }) => `seed ${seed}: ${message ?? 'it was not stopped'}`);
  const verdict = heard === stops.length ? 'holds' : heard === 0 ? 'does not hold' : 'undecided';
  return { text, verdict, numbers: [], remarks };
}

/** Judges the paper's claims, each by its measurements. */
export function claims({ results, trained, bootstraps, stops }: Measured): Claim[] {
  const judges = ['oracle', 'heldOut'];
  const against = (arm: string, other: string, metrics: readonly string[] = judges) =>
    better(results, bootstraps, arm, other, metrics);
  return [
    against('encoder', 'base', trained),
    against('encoder', 'base'),
    against('encoder, exported', 'base'),
    against('encoder', 'prompt engineering'),
    against('encoder', 'DDPO, encoder'),
    against('encoder', 'direct tuning'),
    diverse(results, bootstraps, 'encoder'),
    against('encoder, LoRA', 'base'),
    against('UNet', 'DDPO, UNet', ['heldOut']),
    against('encoder + UNet', 'encoder', ['heldOut']),
    against('encoder + UNet', 'joint', ['heldOut']),
    against('fusion', 'joint', ['heldOut']),
    ...['second UNet', 'inpainting UNet', 'control UNet'].map((unet) => against(`${unet}, encoder`, unet)),
    stopped(stops),
    ...[...trained, 'heldOut', 'oracle'].map((metric) => monotone(results, bootstraps, CURVE, metric)),
  ];
}

/** Returns the mean of each metric of each arm. */
export const meansOf = (results: Results): Record<string, Record<string, number>> =>
  Object.fromEntries(
    Object.entries(results).map(([arm, metrics]) => [
      arm,
      Object.fromEntries(Object.entries(metrics).map(([metric, values]) => [metric, mean(values)])),
    ]),
  );
