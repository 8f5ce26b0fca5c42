import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visible, visibleLine } from '../../../common/text/visible.ts';

describe('text shown on a terminal', () => {
  it('contains no control sequences', () => {
    expect(visibleLine('a\x1b[2Jb\rc\nd\x9be\u202ef\u2066g\x07')).toBe(
      'a\\u001b[2Jb\\u000dc\\u000ad\\u009be\\u202ef\\u2066g\\u0007',
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visible(text)).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });

  it('is the same JSON as before', () => {
    fc.assert(
      fc.property(fc.json(), fc.string({ unit: 'binary' }), (json, text) => {
        for (const value of [JSON.parse(json) as unknown, { text }])
          expect(JSON.parse(visible(JSON.stringify(value, null, 2)))).toEqual(value);
      }),
    );
  });

  it('keeps text of any language', () => {
    const text = 'ein Füchslein 🦊, 狐, ثعلب\n\tדביק';
    expect(visible(text)).toBe(text);
  });
});
