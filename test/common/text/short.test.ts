import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { short } from '../../../common/text/short.ts';

describe('a value that a message quotes', () => {
  it('is one line of bounded length, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.anything({ withMap: true, withBigInt: true, withDate: true, withNullPrototype: true }),
        (value) => {
          const text = short(value);
          expect(text.length).toBeLessThanOrEqual(80);
          expect(text).not.toMatch(/[\0-\x1f\x7f]/);
        },
      ),
    );
  });

  it('takes bounded time, even for lists that contain each other', () => {
    let nested: unknown = 1;
    for (let depth = 0; depth < 60; depth++) nested = [nested, nested];
    expect(short(nested)).toBe('[[[[...], [...]], [[...], [...]]], [[[...], [...]], [[...], [...]]]]');
    const cycle: unknown[] = [];
    cycle.push(cycle, cycle);
    expect(short(cycle).length).toBeLessThanOrEqual(80);
  });

  it('shows -0, NaN and Infinity, and never half a character', () => {
    expect([-0, NaN, Infinity, undefined, 10n].map((value) => short(value))).toEqual([
      '-0',
      'NaN',
      'Infinity',
      'undefined',
      '10',
    ]);
    expect(short(`${'a'.repeat(75)}😀😀😀`).isWellFormed()).toBe(true);
  });
});
