import type { Bootstraps } from '../../common/statistics.ts';
import { statement, type Statement } from './statements.ts';

/** A point on a curve: its name, and one value per prompt. */
export type CurvePoint = readonly [name: string, values: Float64Array | undefined];

/** Largest step of a smooth curve, as a share of its whole rise. */
const LARGEST_STEP = 0.5;

/** States that a curve's end is above its start, and that no step of it goes down beyond its interval. */
export function rises(bootstraps: Bootstraps, curve: readonly CurvePoint[]): (Statement | undefined)[] {
  const [first, last] = [curve[0], curve.at(-1)];
  if (!first || !last || curve.length < 2) return [];
  const whole = statement(bootstraps, `${first[0]} to ${last[0]}`, [last[1], first[1]]);
  return [whole, ...stepsOf(curve).map(([name, to, from]) => statement(bootstraps, name, [to, from], 'not below'))];
}

/** States that no step of a curve is more than half of its whole rise, up or down. */
export function isSmooth(bootstraps: Bootstraps, curve: readonly CurvePoint[]): (Statement | undefined)[] {
  const [start, end] = [curve[0]?.[1], curve.at(-1)?.[1]];
  if (curve.length < 2 || !start || !end) return [undefined];
  const most = end.map((value, i) => LARGEST_STEP * (value - start[i]!));
  return stepsOf(curve).flatMap(([name, to, from]) => {
    const step = to && from && to.map((value, i) => value - from[i]!);
    const down = step?.map((value) => -value);
    return [
      statement(bootstraps, `half of the rise over ${name}`, [most, step]),
      statement(bootstraps, `half of the rise over the fall of ${name}`, [most, down]),
    ];
  });
}

type Step = [name: string, to: Float64Array | undefined, from: Float64Array | undefined];

const stepsOf = (curve: readonly CurvePoint[]): Step[] =>
  curve.slice(1).map(([name, values], i) => [`${curve[i]![0]} to ${name}`, values, curve[i]![1]]);
