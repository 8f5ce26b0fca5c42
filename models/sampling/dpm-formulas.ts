import type { Level } from './levels/prediction.ts';

/** A level and half the log of its signal-to-noise ratio. */
export interface LogLevel extends Level {
  lambda: number;
}

/**
 * Returns the weights of a multistep formula of order 1 to 3: z' = z-weight z + sum_j predicted[j] m_(i-j), where m is
 * the predicted x0 (`data`, DPM-Solver++) or noise (DPM-Solver).
 * @param to level after the step
 * @param from levels of the last evaluations, newest first; their number is the order
 * @param heun weight of the second derivative at order 2: Heun's, otherwise the midpoint's
 */
export function multistepWeights(
  to: LogLevel,
  from: readonly LogLevel[],
  { data, heun }: { data: boolean; heun: boolean },
): { z: number; predicted: number[] } {
  const now = from[0]!;
  const h = to.lambda - now.lambda;
  // The formulas for x0 are those for noise with -h for h and signal for noise.
  const [z, scale, x] = data ? [to.noise / now.noise, to.signal, -h] : [to.signal / now.signal, to.noise, h];
  const exponential = Math.expm1(x);
  const first = -scale * exponential;
  const [d0, d1, d2] = differences(from, h);
  const weights = [times(d0!, first)];
  if (d1) weights.push(times(d1, heun || d2 ? -scale * (exponential / x - 1) : first / 2));
  if (d2) weights.push(times(d2, -scale * ((exponential - x) / x ** 2 - 0.5)));
  const predicted = weights.reduce((sum, own) => sum.map((value, j) => value + own[j]!));
  return { z, predicted };
}

/** Returns the prediction and its divided differences as weights of the last predictions. */
function differences(from: readonly LogLevel[], h: number): number[][] {
  const order = from.length;
  const unit = (j: number) => Array.from({ length: order }, (_, i) => Number(i === j));
  if (order === 1) return [unit(0)];
  const ratio = (j: number) => (from[j]!.lambda - from[j + 1]!.lambda) / h;
  const slope = (j: number) => times(minus(unit(j), unit(j + 1)), 1 / ratio(j));
  if (order === 2) return [unit(0), slope(0)];
  const [r0, r1] = [ratio(0), ratio(1)];
  const bend = times(minus(slope(0), slope(1)), 1 / (r0 + r1));
  return [unit(0), slope(0).map((value, j) => value + r0 * bend[j]!), bend];
}

const times = (a: readonly number[], factor: number): number[] => a.map((value) => value * factor);
const minus = (a: readonly number[], b: readonly number[]): number[] => a.map((value, j) => value - b[j]!);
