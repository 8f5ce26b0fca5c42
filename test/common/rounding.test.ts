import { expect, it } from 'vitest';
import { roundHalfToEven } from '../../common/rounding.ts';

it("rounds as Python's round(), halves to the even neighbor", () => {
  const rounded = [-2.5, -1.5, -0.6, 0.4, 0.5, 1.5, 2.5, 2.50001, 499.5].map(roundHalfToEven);
  expect(rounded).toEqual([-2, -2, -1, 0, 0, 2, 2, 3, 500]);
});
