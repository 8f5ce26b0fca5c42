import { RandomStream } from './random.ts';

/**
 * Comparison of one arm with another on one metric, prompt by prompt. An arm is one variant that is compared: the
 * original encoder, a tuned one.
 */
export interface Comparison {
  /** Number of prompts. */
  n: number;
  /** Mean of arm - against. */
  mean: number;
  /** Bootstrap 95 % interval of the mean. */
  ci95: [low: number, high: number];
  /** Fraction of the prompts on which the arm is better; a tie counts half. */
  winRate: number;
}

const RESAMPLES = 10_000;

/**
 * Compares paired values over prompts. Prompts are resampled (with replacement, 10,000 times), since other prompts
 * could have been drawn. Percentile interval (Efron and Tibshirani 1993, chapter 13).
 * @param arm, against one value per prompt, in the same order; average over seeds first
 */
export function compare(arm: ArrayLike<number>, against: ArrayLike<number>, bootstrap: Bootstrap): Comparison {
  const n = arm.length;
  if (n === 0 || n !== against.length) throw new RangeError(`expected paired values, got ${n} and ${against.length}`);
  const differences = Float64Array.from({ length: n }, (_, i) => arm[i]! - against[i]!);
  const wins = differences.reduce((sum, d) => sum + (d > 0 ? 1 : d === 0 ? 0.5 : 0), 0);
  return { n, mean: mean(differences), ci95: bootstrap.interval(differences), winRate: wins / n };
}

/** Draws resamples once and uses them for every metric and arm over the same prompts. */
export class Bootstrap {
  readonly #indices: Uint32Array;
  readonly #n: number;

  /** @param n number of prompts */
  constructor(seed: number, n: number) {
    const stream = new RandomStream(seed, 'bootstrap', n);
    this.#n = n;
    this.#indices = new Uint32Array(RESAMPLES * n);
    for (let i = 0; i < this.#indices.length; i++) this.#indices[i] = stream.integer(n);
  }

  /** Returns the 95 % percentile interval of the mean of `values`. */
  interval(values: Float64Array): [low: number, high: number] {
    const n = this.#n;
    if (values.length !== n) throw new RangeError(`expected ${n} values, got ${values.length}`);
    const means = new Float64Array(RESAMPLES);
    for (let resample = 0, position = 0; resample < RESAMPLES; resample++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += values[this.#indices[position++]!]!;
      means[resample] = sum / n;
    }
    means.sort();
    return [quantile(means, 0.025), quantile(means, 0.975)];
  }
}

/** Keeps one bootstrap for each number of prompts. */
export class Bootstraps {
  readonly #seed: number;
  readonly #known = new Map<number, Bootstrap>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  of(n: number): Bootstrap {
    let bootstrap = this.#known.get(n);
    if (!bootstrap) this.#known.set(n, (bootstrap = new Bootstrap(this.#seed, n)));
    return bootstrap;
  }

  /** Does {@link compare} with the bootstrap for this number of prompts. */
  compare(arm: ArrayLike<number>, against: ArrayLike<number>): Comparison {
    return compare(arm, against, this.of(arm.length));
  }
}

/** Interpolates linearly between order statistics (numpy's default). @param sorted ascending */
function quantile(sorted: Float64Array, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (position - below);
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** Returns the standard deviation of a sample (n - 1). */
export function standardDeviation(values: ArrayLike<number>): number {
  const center = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - center) ** 2;
  return Math.sqrt(sum / (values.length - 1));
}

/** Averages over the samples of each prompt. @param values [prompts, samples], row-major */
export function meanPerPrompt(values: ArrayLike<number>, samples: number): Float64Array {
  const prompts = values.length / samples;
  if (!Number.isInteger(prompts)) throw new RangeError(`${values.length} values are not ${samples} per prompt`);
  return Float64Array.from({ length: prompts }, (_, i) =>
    mean(Array.from({ length: samples }, (_, s) => values[i * samples + s]!)),
  );
}

/**
 * Returns the 95 % interval of a share of independent cases (Wilson 1927).
 * @param cases at least 1
 */
export function wilson(successes: number, cases: number): [low: number, high: number] {
  const z = 1.959964;
  const share = successes / cases;
  const scale = 1 + z ** 2 / cases;
  const center = (share + z ** 2 / (2 * cases)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / cases + z ** 2 / (4 * cases ** 2));
  return [Math.max(0, center - half), Math.min(1, center + half)];
}
