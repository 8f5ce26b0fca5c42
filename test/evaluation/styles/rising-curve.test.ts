import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Bootstraps } from '../../../common/statistics.ts';
import { riseOf } from '../../../evaluation/styles/rising-curve.ts';

const bootstraps = new Bootstraps(1);
const prompts = 12;
const settings = { numRuns: 20 };
const point = fc
  .array(fc.double({ min: -1, max: 1, noNaN: true, noDefaultInfinity: true }), {
    minLength: prompts,
    maxLength: prompts,
  })
  .map((values) => Float64Array.from(values));
const curve = fc.array(point, { minLength: 2, maxLength: 4 });

it('a curve rises by its intervals alone: that of its ends is above 0, and none of its steps is below', () => {
  fc.assert(
    fc.property(curve, (points) => {
      const { steps, ends, rises } = riseOf(points, bootstraps);
      expect(steps).toHaveLength(points.length - 1);
      expect(ends.mean).toBeCloseTo(
        steps.reduce((sum, { mean }) => sum + mean, 0),
        9,
      );
      expect(rises).toBe(ends.ci95[0] > 0 && !steps.some(({ ci95: [, high] }) => high < 0));
    }),
    settings,
  );
});

it('a curve that is higher for every prompt at every point rises, and does not when it is read backwards', () => {
  const gains = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(point, gains, (first, by) => {
      const points = by.reduce((all, gain) => [...all, all.at(-1)!.map((value) => value + gain)], [first]);
      expect(riseOf(points, bootstraps).rises).toBe(true);
      expect(riseOf(points.toReversed(), bootstraps).rises).toBe(false);
    }),
    settings,
  );
});

it('a flat curve does not rise, and one fall with its whole interval below 0 outweighs a rise of the ends', () => {
  fc.assert(
    fc.property(point, (first) => {
      const up = (by: number) => first.map((value) => value + by);
      expect(riseOf([first, first, first], bootstraps).rises).toBe(false);
      const dip = riseOf([first, up(0.5), up(0.4), up(1)], bootstraps);
      expect(dip.ends.ci95[0]).toBeGreaterThan(0);
      expect(dip.rises).toBe(false);
    }),
    settings,
  );
});

it('does not depend on what is added to a prompt at every point', () => {
  fc.assert(
    fc.property(curve, point, (points, more) => {
      const moved = points.map((values) => values.map((value, i) => Math.fround(value) + Math.fround(more[i]!)));
      const own = points.map((values) => values.map(Math.fround));
      const [a, b] = [riseOf(own, bootstraps), riseOf(moved, bootstraps)];
      for (const [i, step] of a.steps.entries()) expect(b.steps[i]!.mean).toBeCloseTo(step.mean, 9);
      expect(b.ends.ci95[0]).toBeCloseTo(a.ends.ci95[0], 9);
    }),
    settings,
  );
});

it('refuses a curve of one point', () => {
  expect(() => riseOf([new Float64Array(3)], bootstraps)).toThrow('at least two points');
});
