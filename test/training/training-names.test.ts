import { expect, it } from 'vitest';
import { FINAL, stepFolder, stepOf } from '../../training/training-names.ts';

it.each([0, 40, 999_999, 1_000_000])('reads step %i from the name of its folder', (step) => {
  expect(stepOf(stepFolder(step))).toBe(step);
});

it.each([FINAL, 'step-', 'step-40.tmp', 'a-step-000040'])('reads no step from %s', (name) => {
  expect(stepOf(name)).toBeUndefined();
});
