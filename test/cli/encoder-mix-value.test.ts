import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encoderMix } from '../../cli/encoder-mix-value.ts';

describe('the value of --mix', () => {
  it('is encoders with weights, in one text or several', () => {
    const both = [
      { encoder: 'neon', weight: 0.6 },
      { encoder: '3d@2', weight: -0.4 },
    ];
    expect(encoderMix(['neon=0.6,3d@2=-0.4'])).toEqual(both);
    expect(encoderMix(['neon=0.6', ' 3d@2 = -.4 '])).toEqual(both);
  });

  it('may name paths with commas and equals signs', () => {
    expect(encoderMix(['a,b/c=1/d=0.5,e=1'])).toEqual([
      { encoder: 'a,b/c=1/d', weight: 0.5 },
      { encoder: 'e', weight: 1 },
    ]);
  });

  it.each(['', 'neon', '=1', 'neon=', 'neon=x', 'neon=11', 'neon=Infinity', 'neon=0.5,'])(
    'is refused by name: "%s"',
    (text) => {
      expect(() => encoderMix([text])).toThrow(/^--mix: ".*" is not an encoder and its weight/);
    },
  );

  it('is read back from any names and weights', () => {
    const names = fc.stringMatching(/^[a-z0-9][a-z0-9@/.-]*$/);
    const terms = fc.array(fc.record({ encoder: names, weight: fc.double({ min: -10, max: 10, noNaN: true }) }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(terms, (mix) => {
        const text = mix.map(({ encoder, weight }) => `${encoder}=${weight}`).join(',');
        const plain = mix.map(({ encoder, weight }) => ({ encoder, weight: Number(String(weight)) }));
        expect(encoderMix([text])).toEqual(plain);
      }),
    );
  });
});
