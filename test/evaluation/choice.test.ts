import { describe, expect, it } from 'vitest';
import { bestNetworks, chooseCandidate } from '../../evaluation/comparison/choice.ts';

const values = (...numbers: number[]) => Float64Array.from(numbers);

/** Two prompts; `early` gains a little on everything, `late` games the trained reward. */
const scores = {
  base: { clip: values(0.2, 0.4), heldOut: values(1, 2), oracle: values(0, NaN) },
  early: { clip: values(0.3, 0.4), heldOut: values(1, 3), oracle: values(1, NaN) },
  late: { clip: values(0.9, 0.9), heldOut: values(0, 2), oracle: values(1, NaN) },
};
const arms = [
  { step: 10, blend: 0.5, arm: 'early' },
  { step: 20, blend: 1, arm: 'late' },
];

describe('chooseCandidate', () => {
  it('chooses the best candidate on which no metric falls', () => {
    const sweep = chooseCandidate(scores, arms, 'rewards', ['clip']);
    expect(sweep.chosen).toEqual({ step: 10, blend: 0.5 });
    expect(sweep.candidates.map(({ eligible }) => eligible)).toEqual([true, true, false]);
    expect(sweep.candidates[2]!.score).toBeGreaterThan(sweep.candidates[1]!.score);
  });

  it('measures the trained rewards in standard deviations of the base', () => {
    const [, early] = chooseCandidate(scores, arms, 'rewards', ['clip']).candidates;
    expect(early!.score).toBeCloseTo(0.05 / Math.sqrt(0.02), 10);
  });

  it('goes by the oracle over the prompts that have one', () => {
    const sweep = chooseCandidate(scores, arms, 'oracle', ['clip']);
    expect(sweep.candidates.map(({ score }) => score)).toEqual([0, 1, 1]);
    expect(sweep.candidates[1]!.metrics['oracle']).toBe(1);
  });

  it('keeps the base when every candidate is worse somewhere', () => {
    expect(chooseCandidate(scores, arms.slice(1), 'heldOut', ['clip']).chosen).toEqual({ step: 0, blend: 0 });
  });

  it('says what to do when there is no metric to choose by', () => {
    const { clip } = scores.base;
    const only = { base: { clip }, early: { clip } };
    expect(() => chooseCandidate(only, arms.slice(0, 1), 'oracle', ['clip'])).toThrow('set it to heldOut or rewards');
    expect(() => chooseCandidate(only, arms.slice(0, 1), 'heldOut', ['clip'])).toThrow('has no heldOut reward');
  });
});

describe('the best networks', () => {
  const candidate = (step: number, blend: number, score: number, unetStep?: number, eligible = true) => ({
    step,
    blend,
    score,
    eligible,
    metrics: {},
    ...(unetStep === undefined ? {} : { unetStep }),
  });
  const choice = {
    chooseBy: 'oracle',
    chosen: { step: 0, blend: 0 },
    candidates: [
      candidate(0, 0, 0),
      candidate(10, 0.5, 1),
      candidate(10, 1, 3),
      candidate(20, 0.5, 2),
      candidate(20, 1, 9, undefined, false), // a metric falls
      candidate(20, 0.5, 4, 7),
      candidate(30, 1, 0), // no better than the base
      candidate(40, 1, -1),
    ],
  };

  it('are distinct in encoder or UNet, each at its best blend, the best first', () => {
    expect(bestNetworks(choice, 9)).toEqual([
      { step: 20, blend: 0.5, unetStep: 7 },
      { step: 10, blend: 1 },
      { step: 20, blend: 0.5 },
    ]);
    expect(bestNetworks(choice, 1)).toEqual([{ step: 20, blend: 0.5, unetStep: 7 }]);
    expect(bestNetworks({ ...choice, candidates: choice.candidates.slice(0, 1) }, 2)).toEqual([]);
  });
});
