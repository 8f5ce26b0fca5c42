import { expect, it } from 'vitest';
import { RandomStream } from '../../../common/random.ts';
import { bradleyTerry, type Match } from '../../../evaluation/pairs/bradley-terry.ts';

const names = ['base', 'tuned', 'exported'];
const truth = [0, 1, -0.5];

/** Matches whose winners are drawn with the model's own probabilities. */
function drawn(count: number): Match[] {
  const stream = new RandomStream(3, 'test');
  return Array.from({ length: count }, (_, group) =>
    names.flatMap((first, i) =>
      names.slice(i + 1).map((second, j) => {
        const odds = Math.exp(truth[i + 1 + j]! - truth[i]!);
        return { first, second, share: stream.uniform() < odds / (1 + odds) ? 1 : 0, group: String(group) };
      }),
    ),
  ).flat();
}

it('finds the strengths that matches were drawn with, inside its intervals', () => {
  const found = bradleyTerry(names, drawn(600));
  expect(found.map(({ name }) => name)).toEqual(names);
  for (const [i, { strength, ci95 }] of found.entries()) {
    expect(Math.abs(strength - truth[i]!)).toBeLessThan(0.25);
    expect(ci95[0]).toBeLessThanOrEqual(truth[i]!);
    expect(ci95[1]).toBeGreaterThanOrEqual(truth[i]!);
  }
});

it('gives two arms the log odds of their shares, with half a win each way beforehand', () => {
  const match = (share: number, group: number): Match => ({ first: 'a', second: 'b', share, group: String(group) });
  const [, b] = bradleyTerry(['a', 'b'], [match(1, 0), match(1, 1), match(1, 2), match(0.5, 3)]);
  expect(b!.strength).toBeCloseTo(Math.log(4 / 1), 3);
});

it('stays finite for an arm that always wins and is the same each time', () => {
  const matches = Array.from({ length: 5 }, (_, i): Match => ({ first: 'a', second: 'b', share: 1, group: String(i) }));
  const found = bradleyTerry(['a', 'b'], matches);
  expect(Number.isFinite(found[1]!.strength)).toBe(true);
  expect(bradleyTerry(['a', 'b'], matches)).toEqual(found);
});
