import { expect, it } from 'vitest';
import { krippendorffAlpha } from '../../../evaluation/pairs/rater-agreement.ts';

/** Krippendorff 2011, part C: nominal data of four observers with missing values. */
const published = [
  '1 2 3 3 2 1 4 1 2 . . .',
  '1 2 3 3 2 2 4 1 2 5 . 3',
  '. 3 3 3 2 3 4 2 2 5 1 .',
  '1 2 3 3 2 4 4 1 2 5 1 .',
].map((line) => line.split(' '));
const units = published[0]!.map((_, unit) => published.map((rater) => rater[unit]!).filter((value) => value !== '.'));

it('agreement is the published value of the published example', () => {
  expect(krippendorffAlpha(units)).toBeCloseTo(0.743, 3);
});

it('agreement is 1 for raters who agree and below 0 for those who disagree on purpose', () => {
  expect(krippendorffAlpha([['a', 'a'], ['b', 'b'], ['a']])).toBe(1);
  expect(
    krippendorffAlpha([
      ['a', 'b'],
      ['b', 'a'],
    ]),
  ).toBeLessThan(0);
});

it.each([[[]], [[['a'], ['b']]], [[['a', 'a']]]])('agreement of %j cannot be told', (few) => {
  expect(krippendorffAlpha(few)).toBeUndefined();
});
