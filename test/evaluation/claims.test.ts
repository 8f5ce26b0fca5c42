import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bootstraps, mean } from '../../common/statistics.ts';
import { isSmooth, rises, type CurvePoint } from '../../evaluation/paper/blend-claims.ts';
import { claims, TOLERANCE, type Claim } from '../../evaluation/paper/claims.ts';
import { quickBudget, variants } from '../../evaluation/paper/matrix.ts';
import type { Results } from '../../evaluation/paper/paper-results.ts';
import { statement, verdictOf, type Statement } from '../../evaluation/paper/statements.ts';

const N = 12;
const bootstraps = new Bootstraps(1);
const trained = ['clip', 'aesthetic'];
const METRICS = [...trained, 'heldOut', 'oracle', 'quality', 'diversity'];
const CURVE = ['base', 'encoder at 0.25', 'encoder at 0.50', 'encoder at 0.75', 'encoder at 1.00', 'encoder at 1.25'];
const UNETS = ['second UNet', 'inpainting UNet', 'control UNet'];
const ARMS = [
  ...CURVE,
  ...['encoder', 'encoder, exported', 'prompt engineering', 'direct tuning', 'DDPO, encoder', 'DDPO, UNet'],
  ...['encoder, LoRA', 'UNet', 'encoder + UNet', 'joint', 'fusion'],
  ...UNETS.flatMap((unet) => [unet, `${unet}, encoder`]),
];
const rephrased = Array.from({ length: N }, (_, i) => i % 2 === 1);

const list = (value: (i: number) => number) => Float64Array.from({ length: N }, (_, i) => value(i));
const resultsOf = (value: (arm: string, metric: string, i: number) => number): Results =>
  Object.fromEntries(
    ARMS.map((arm) => [arm, Object.fromEntries(METRICS.map((metric) => [metric, list((i) => value(arm, metric, i))]))]),
  );
const judge = (results: Results): Claim[] => claims({ results, rephrased, steps: 60, trained, stops: [], bootstraps });
const holding = (results: Results) =>
  judge(results)
    .filter(({ verdict }) => verdict === 'holds')
    .map(({ text }) => text);
const verdictIn = (results: Results, start: string) =>
  judge(results).find(({ text }) => text.startsWith(start))!.verdict;
const curveOf = (points: readonly Float64Array[]): CurvePoint[] => points.map((values, i) => [`${i}`, values]);
const noise = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: N, maxLength: N });
const few = { numRuns: 25 };

/** A comparison in which everything is as it is claimed. */
const GAINS: Record<string, number> = {
  ...Object.fromEntries(CURVE.map((arm, i) => [arm, i / 10])),
  ...{
    encoder: 0.4,
    'encoder, exported': 0.395,
    'prompt engineering': 0.2,
    'encoder, LoRA': 0.3,
    joint: 0.5,
    fusion: 0.6,
  },
  ...{ UNet: 0.5, 'encoder + UNet': 0.7 },
  ...Object.fromEntries(UNETS.flatMap((unet) => [[unet, 0] as const, [`${unet}, encoder`, 0.2] as const])),
};
const asClaimed = (arm: string, metric: string, i: number): number => {
  if (metric === 'diversity') return 1;
  const gain = arm === 'prompt engineering' && metric === 'oracle' ? -0.1 : (GAINS[arm] ?? 0);
  return 3 + Math.sin(i) + gain + Math.cos(7 * i + arm.length) / 500;
};

describe('a claim of the comparison', () => {
  it('holds when all of it is shown', () => {
    const all = judge(resultsOf(asClaimed));
    const others = all.filter(({ verdict }) => verdict !== 'holds').map(({ text }) => text);
    expect(others).toEqual([expect.stringContaining('without the CLIP constraint')]); // there were no such runs
  });

  it('does not hold for arms that are all zero, and only that of kept diversity for arms that are all equal', () => {
    expect(holding(resultsOf(() => 0))).toEqual([]);
    expect(holding(resultsOf((_, metric, i) => Math.sin(i) + metric.length))).toEqual([
      "encoder keeps more than 90 % of the base's diversity",
    ]);
  });

  it('does not hold without numbers: nothing measured, no prompts, one prompt, NaN', () => {
    expect(judge({}).every(({ verdict }) => verdict === 'not measured')).toBe(true);
    const cut = (length: number): Results =>
      Object.fromEntries(
        Object.entries(resultsOf(asClaimed)).map(([arm, metrics]) => [
          arm,
          Object.fromEntries(Object.entries(metrics).map(([metric, values]) => [metric, values.slice(0, length)])),
        ]),
      );
    for (const length of [0, 1]) expect(holding(cut(length))).toEqual([]);
    expect(holding(resultsOf((...at) => (at[2] === 5 ? NaN : asClaimed(...at))))).toEqual([]);
  });

  it('of one arm over another does not hold for both orders, nor for an arm over itself', () => {
    fc.assert(
      fc.property(noise, noise, fc.double({ min: -1, max: 1, noNaN: true }), (a, b, shift) => {
        const [one, other] = [list((i) => a[i]! + shift), list((i) => b[i]!)];
        const over = (x: Float64Array, y: Float64Array) => verdictOf([statement(bootstraps, 'm', [x, y])]);
        expect([over(one, other), over(other, one)].filter((verdict) => verdict === 'holds').length).toBeLessThan(2);
        expect(over(one, one)).toBe('does not hold');
      }),
      few,
    );
  });

  it('needs each of its statements', () => {
    const lost = (arm: string, metric: string): Results =>
      resultsOf((...at) => asClaimed(...at) - (at[0] === arm && at[1] === metric ? 2 : 0));
    for (const metric of ['oracle', 'quality', 'heldOut'])
      for (const other of ['base', 'prompt engineering', 'DDPO, encoder', 'direct tuning'])
        expect(verdictIn(lost('encoder', metric), `encoder is better than ${other} (oracle`)).toBe('does not hold');
    for (const metric of trained)
      expect(verdictIn(lost('encoder', metric), 'encoder is better than base (clip')).toBe('does not hold');
    for (const metric of ['quality', 'aesthetic'])
      expect(verdictIn(lost('prompt engineering', metric), 'prompt engineering raises')).toBe('does not hold');
  });

  it('about words needs them to cost alignment, and tuning not to', () => {
    const oracle = (arm: string, change: number) =>
      resultsOf((...at) =>
        at[0] === arm && at[1] === 'oracle' ? asClaimed('base', 'oracle', at[2]) + change : asClaimed(...at),
      );
    expect(verdictIn(oracle('prompt engineering', 0.05), 'prompt engineering raises')).toBe('does not hold');
    expect(verdictIn(oracle('prompt engineering', 0), 'prompt engineering raises')).toBe('does not hold');
    expect(verdictIn(oracle('encoder', -TOLERANCE / 2), 'encoder raises')).toBe('holds');
    expect(verdictIn(oracle('encoder', -2 * TOLERANCE), 'encoder raises')).toBe('does not hold');
  });

  it('about the exported files needs equal scores, and a gain to keep', () => {
    const exported = (metric: string, change: number) =>
      resultsOf((...at) => asClaimed(...at) + (at[0] === 'encoder, exported' && at[1] === metric ? change : 0));
    for (const change of [-0.05, 0.05])
      expect(verdictIn(exported('quality', change), 'encoder, exported is within')).toBe('does not hold');
    expect(verdictIn(exported('heldOut', -0.2), 'encoder, exported is within')).toBe('does not hold');
    const none = resultsOf((arm, metric, i) => asClaimed(arm.startsWith('encoder') ? 'base' : arm, metric, i));
    expect(verdictIn(none, 'encoder, exported is within')).toBe('does not hold');
  });

  it('about rephrased prompts is not shown by the plain ones', () => {
    const results = resultsOf((arm, metric, i) =>
      asClaimed(arm === 'encoder' && i % 2 === 1 ? 'base' : arm, metric, i),
    );
    expect(verdictIn(results, 'encoder is better than base (oracle')).toBe('holds');
    expect(verdictIn(results, 'encoder is better than base on rephrased')).toBe('does not hold');
  });

  it('about the alarm needs a run with the constraint', () => {
    const variant = variants(quickBudget, 'gallery').find(({ collapses }) => collapses)!;
    const stops = [{ variant, seed: 1, message: 'gamed' }];
    const verdict = (results: Results) =>
      claims({ results, rephrased, steps: 60, trained, stops, bootstraps }).find(({ text }) =>
        text.startsWith('without'),
      )!;
    expect(verdict({}).verdict).toBe('not measured');
    expect(verdict(resultsOf(asClaimed)).text).toContain('of 12 steps; with it, tuning of 60 steps');
    expect(verdict(resultsOf(asClaimed)).verdict).toBe('holds');
  });
});

describe('a curve of blends', () => {
  const risen = (curve: readonly CurvePoint[]) => verdictOf(rises(bootstraps, curve));
  const smooth = (curve: readonly CurvePoint[]) =>
    verdictOf([...rises(bootstraps, curve), ...isSmooth(bootstraps, curve)]);
  const levels = (...values: number[]) => curveOf(values.map((value) => list((i) => value + Math.sin(i) / 10)));

  it('of zeros, of a constant, of one point or of none does not rise', () => {
    for (const value of [0, 1, -3]) expect(risen(levels(value, value, value))).toBe('does not hold');
    expect(risen(levels(1))).toBe('not measured');
    expect(risen([])).toBe('not measured');
    expect(smooth([])).toBe('not measured');
    expect(smooth(levels(1))).toBe('not measured');
    expect(
      risen([
        ['a', list(() => 0)],
        ['b', undefined],
        ['c', list(() => 1)],
      ]),
    ).toBe('not measured');
  });

  it('of noise rises only if its ends differ and no step falls, each by its interval', () => {
    fc.assert(
      fc.property(fc.array(noise, { minLength: 2, maxLength: 6 }), (points) => {
        const curve = curveOf(points.map((values) => Float64Array.from(values)));
        const stated = rises(bootstraps, curve) as Statement[];
        const isShown = stated[0]!.ci95[0] > 0 && stated.slice(1).every(({ ci95: [, high] }) => high >= 0);
        expect(risen(curve) === 'holds').toBe(isShown);
        if (mean(points.at(-1)!) <= mean(points[0]!)) expect(risen(curve)).not.toBe('holds');
      }),
      few,
    );
  });

  it('that rises does so in no other order of its points', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }), (order) => {
        const isSorted = order.every((value, i) => value === i);
        expect(risen(levels(...order))).toBe(isSorted ? 'holds' : 'does not hold');
        expect(smooth(levels(...order))).toBe(isSorted ? 'holds' : 'does not hold');
      }),
      few,
    );
  });

  it('is smooth only without a step of half its rise', () => {
    expect(smooth(levels(0, 0.4, 0.7, 1))).toBe('holds');
    expect(smooth(levels(0, 0.1, 0.9, 1))).toBe('does not hold');
    expect(smooth(levels(0, 0.5, 1))).not.toBe('holds');
    expect(smooth(levels(0, 1))).toBe('does not hold');
  });
});
