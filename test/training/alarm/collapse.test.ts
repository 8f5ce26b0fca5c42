import { describe, expect, it } from 'vitest';
import { fromErrorRecord, toErrorRecord } from '../../../common/error-record.ts';
import { CollapseError, RunError } from '../../../common/errors.ts';
import { RandomStream } from '../../../common/random.ts';
import { Bootstraps } from '../../../common/statistics.ts';
import { describeCollapse, findCollapse, type Measures } from '../../../training/alarm/collapse.ts';

const bounds = { diversity: 0.4, similarity: 0.5, attributes: 0.01 };
const bootstraps = new Bootstraps(1);
const PROMPTS = 24;
/** Prompts differ by 1 (standard deviation), measurements of the same prompt by `noise`. */
const values = (level: number, noise = 0.3, look = 0) => {
  const prompts = new RandomStream(1, 'prompts').normal(PROMPTS);
  const looks = new RandomStream(2, 'look', look).normal(PROMPTS);
  return Float64Array.from(prompts, (p, i) => level + p + noise * looks[i]!);
};
const measures = (total: number, heldOut: number, diversity: number, look = 0): Measures => ({
  total: values(total, 0.3, look),
  heldOut: values(heldOut, 0.3, look + 1),
  diversity: values(diversity, 0.1, look + 2).map((v) => v / 10),
});
const base = measures(20, 5, 10, 10);
const find = (now: Measures) => findCollapse(base, now, ['heldOut'], bounds, bootstraps);

describe('a collapse', () => {
  it('means that rewards rise while the held-out reward falls', () => {
    const found = find(measures(24, 3, 10, 20))!;
    expect(found.falls.map(({ measure }) => measure)).toEqual(['heldOut']);
    expect(found.falls[0]!.mean).toBeCloseTo(-2, 0);
    expect(found.gain.mean).toBeCloseTo(4, 0);
    const text = describeCollapse(found, 60, PROMPTS);
    expect(text).toMatch(/step 60: their weighted sum rose by [34]\.\d+ .*heldOut fell by [12]\.\d+ \(95 % interval/);
  });

  it('means that rewards rise while the pictures of a prompt become alike', () => {
    expect(find(measures(24, 5, 3, 20))!.falls.map(({ measure }) => measure)).toEqual(['diversity']);
  });

  it('means that rewards rise while the exact judge finds fewer pictures right, on the prompts that it can judge', () => {
    const right = (share: number) =>
      Float64Array.from({ length: PROMPTS }, (_, i) => (i % 4 === 0 ? NaN : i % 5 === 0 ? 1 : share));
    const judged = (share: number) => ({ ...measures(24, 5, 10, 20), attributes: right(share) });
    const at = (share: number) =>
      findCollapse({ ...base, attributes: right(0.8) }, judged(share), ['heldOut'], bounds, bootstraps);
    const { falls } = at(0.6)!;
    expect(falls.map(({ measure }) => measure)).toEqual(['attributes']);
    expect(falls[0]!.mean).toBeCloseTo((-0.2 * 15) / 18, 10);
    expect([at(0.8), at(0.79)]).toEqual([undefined, undefined]);
    const none = Float64Array.from({ length: PROMPTS }, () => NaN);
    expect(find({ ...measures(24, 5, 10, 20), attributes: none })).toBeUndefined();
  });

  it('is not a fall within the bounds, nor one on which the prompts disagree', () => {
    expect(find(measures(24, 4.8, 8, 20))).toBeUndefined();
    const unsure = { ...measures(24, 5, 10, 20), heldOut: values(4, 4, 30) };
    expect(find(unsure)).toBeUndefined();
  });

  it('is not a fall of everything: that is bad tuning, not gaming', () => {
    expect(find(measures(19, 3, 3, 20))).toBeUndefined();
  });

  it('keeps its name between processes', () => {
    const error = fromErrorRecord(toErrorRecord(new CollapseError('gamed')));
    expect(error).toBeInstanceOf(CollapseError);
    expect(error).toBeInstanceOf(RunError);
    expect([error.name, error.exitCode, error.retryable]).toEqual(['CollapseError', 1, false]);
  });
});
