import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../common/random.ts';
import { Bootstrap, compare, meanPerPrompt, standardDeviation } from '../../common/statistics.ts';

describe('compare', () => {
  it('gives the mean difference and the win rate with ties counted half', () => {
    const { n, mean, winRate } = compare([1, 2, 3, 4], [0, 2, 4, 1], new Bootstrap(1, 4));
    expect(n).toBe(4);
    expect(mean).toBeCloseTo((1 + 0 - 1 + 3) / 4, 12);
    expect(winRate).toBe((1 + 0.5 + 0 + 1) / 4);
  });

  it('gives an interval as wide as the normal approximation on many prompts', () => {
    const values = new RandomStream(2, 'values').normal(400);
    const { mean, ci95 } = compare(values, new Float32Array(400), new Bootstrap(1, 400));
    const half = (1.96 * standardDeviation(values)) / Math.sqrt(400);
    expect(ci95[0]).toBeCloseTo(mean - half, 2);
    expect(ci95[1]).toBeCloseTo(mean + half, 2);
  });

  it('gives the exact bootstrap quantiles where they are known', () => {
    // The mean of five resampled draws of 0/1 with two ones is binomial(5, .4) / 5: its 2.5 % and 97.5 % points are 0 and .8.
    expect(compare([1, 1, 0, 0, 0], [0, 0, 0, 0, 0], new Bootstrap(3, 5)).ci95).toEqual([0, 0.8]);
  });

  it('gives a point for a constant difference', () => {
    expect(compare([2, 3, 4], [1, 2, 3], new Bootstrap(1, 3))).toEqual({ n: 3, mean: 1, ci95: [1, 1], winRate: 1 });
  });

  it('gives the same interval for the same seed, another for another', () => {
    const values = new RandomStream(5, 'values').normal(30);
    const interval = (seed: number) => compare(values, new Float32Array(30), new Bootstrap(seed, 30)).ci95;
    expect(interval(1)).toEqual(interval(1));
    expect(interval(1)).not.toEqual(interval(2));
  });

  it('covers the true mean in about 95 % of experiments', () => {
    const experiments = 400;
    const prompts = 40;
    const bootstrap = new Bootstrap(1, prompts);
    let covered = 0;
    for (let e = 0; e < experiments; e++) {
      const noise = new RandomStream(9, 'experiment', e).normal(prompts);
      const [low, high] = compare(
        noise.map((x) => x + 0.3),
        new Float32Array(prompts),
        bootstrap,
      ).ci95;
      if (low <= 0.3 && 0.3 <= high) covered++;
    }
    expect(covered / experiments).toBeGreaterThan(0.91);
    expect(covered / experiments).toBeLessThan(0.98);
  });

  it('refuses values that are not paired', () => {
    expect(() => compare([1, 2], [1], new Bootstrap(1, 2))).toThrow('got 2 and 1');
  });
});

describe('meanPerPrompt', () => {
  it('averages the seeds of each prompt', () => {
    expect([...meanPerPrompt([1, 3, 5, 7, 0, 2], 2)]).toEqual([2, 6, 1]);
  });

  it('refuses a number of values that does not divide', () => {
    expect(() => meanPerPrompt([1, 2, 3], 2)).toThrow('3 values');
  });
});
