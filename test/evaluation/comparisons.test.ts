import { describe, expect, it } from 'vitest';
import { Bootstraps } from '../../common/statistics.ts';
import { categoryLines, groupDeviation } from '../../evaluation/comparison/categories.ts';
import { controlCurves } from '../../evaluation/comparison/blend-control.ts';

const bootstraps = new Bootstraps(1);
const values = (n: number, of: (i: number) => number) => Float64Array.from({ length: n }, (_, i) => of(i));

describe('categories', () => {
  const prompts = Array.from({ length: 8 }, (_, i) => ({
    id: `${i}`,
    prompt: `p${i}`,
    groups: { kind: i % 2 ? 'odd' : 'even' },
  }));
  const scores = {
    base: { clip: values(8, (i) => i), oracle: values(8, (i) => (i % 2 ? NaN : 0)) },
    tuned: { clip: values(8, (i) => i + (i % 2)), oracle: values(8, (i) => (i % 2 ? NaN : 1)) },
  };
  const lines = categoryLines(prompts, scores, bootstraps);
  const find = (value: string, arm: string, metric: string) =>
    lines.find((line) => line.value === value && line.arm === arm && line.metric === metric);

  it('split the prompts and compare with the base on the same ones', () => {
    expect(find('odd', 'tuned', 'clip')).toMatchObject({ n: 4, mean: 5, difference: { mean: 1, winRate: 1 } });
    expect(find('even', 'tuned', 'clip')).toMatchObject({ n: 4, mean: 3, difference: { mean: 0, winRate: 0.5 } });
    expect(find('', 'base', 'clip')).toMatchObject({ n: 8, mean: 3.5 });
    expect(find('', 'base', 'clip')?.difference).toBeUndefined();
  });

  it('leave out prompts without a score', () => {
    expect(find('odd', 'tuned', 'oracle')).toBeUndefined();
    expect(find('', 'tuned', 'oracle')).toMatchObject({ n: 4, difference: { mean: 1 } });
  });

  it("measure HPSv2's deviation over ten groups of consecutive prompts", () => {
    // Group means 0 .. 9: their sample deviation is sqrt(82.5 / 9).
    expect(groupDeviation(values(800, (i) => Math.floor(i / 80)))).toBeCloseTo(Math.sqrt(82.5 / 9), 10);
    expect(groupDeviation(values(15, (i) => i))).toBeUndefined();
  });
});

describe('a control curve', () => {
  const noisy = (level: number) => values(60, (i) => level + Math.sin(i) + 0.1 * Math.sin(i * i * (level + 1)));
  const curve = (levels: number[]) => {
    const arms = levels.slice(1).map((_, i) => [(i + 1) / 4, `blend ${i + 1}`] as const);
    const scores = Object.fromEntries(
      levels.map((level, i) => [i === 0 ? 'base' : `blend ${i}`, { clip: noisy(level) }]),
    );
    return controlCurves(scores, arms.toReversed(), bootstraps)[0]!;
  };

  it('is monotone when no step falls beyond its interval', () => {
    expect(curve([0, 1, 2, 3])).toMatchObject({
      direction: 'up',
      share: 1,
      monotone: true,
      weights: [0, 0.25, 0.5, 0.75],
    });
    expect(curve([3, 2, 1, 0])).toMatchObject({ direction: 'down', share: 1, monotone: true });
    // A step back by less than the noise between prompts.
    expect(curve([0, 1, 0.99, 2])).toMatchObject({ direction: 'up', monotone: true });
  });

  it('is not monotone when one does', () => {
    const { monotone, share, direction } = curve([0, 1, 0.5, 2]);
    expect({ monotone, direction }).toEqual({ monotone: false, direction: 'up' });
    expect(share).toBeCloseTo(2 / 3, 10);
  });
});
