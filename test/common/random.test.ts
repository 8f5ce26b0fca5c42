import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomStream, philox } from '../../common/random.ts';

describe('Philox4x32-10', () => {
  it('gives the known answers of Random123', () => {
    expect(philox([0, 0, 0, 0], [0, 0]).map((v) => v.toString(16))).toEqual([
      '6627e8d5',
      'e169c58d',
      'bc57ac4c',
      '9b00dbd8',
    ]);
    const ones = 0xffffffff;
    expect(philox([ones, ones, ones, ones], [ones, ones]).map((v) => v.toString(16))).toEqual([
      '408f276d',
      '41c83b0e',
      'a20bc7c6',
      '6d5451fd',
    ]);
    expect(
      philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]).map((v) => v.toString(16)),
    ).toEqual(['d16cfe09', '94fdcceb', '5001e420', '24126ea1']);
  });
});

describe('a random stream', () => {
  it('is a function of its key, and differs for other keys', () => {
    const draw = (...key: [number, string, number, number]) => new RandomStream(...key).uint32();
    expect(draw(1, 'noise', 2, 3)).toBe(draw(1, 'noise', 2, 3));
    const others = [draw(2, 'noise', 2, 3), draw(1, 'order', 2, 3), draw(1, 'noise', 3, 3), draw(1, 'noise', 2, 4)];
    expect(new Set([draw(1, 'noise', 2, 3), ...others]).size).toBe(5);
  });

  it('draws normal numbers with the moments of a standard normal', () => {
    const values = new RandomStream(1, 'moments').normal(200_000);
    const moment = (power: number) => values.reduce((sum, v) => sum + v ** power, 0) / values.length;
    expect(moment(1)).toBeCloseTo(0, 1);
    expect(moment(2)).toBeCloseTo(1, 1);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.1);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it('permutes: every number once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer(), (n, seed) => {
        const order = new RandomStream(seed, 'order').permutation(n);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  it('draws integers and choices within their range', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer(), (n, seed) => {
        const value = new RandomStream(seed, 'integer').integer(n);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThan(n);
      }),
    );
  });
});
