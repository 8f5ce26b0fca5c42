import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hasFlags, hasWeights, stripFlags, stripWeights } from '../../datasets/syntax.ts';

it('weights are known, and go without what they weigh', () => {
  const cases: [string, string][] = [
    ['a (cat:1.2) on a mat', 'a cat on a mat'],
    ['a [cat] on a ((mat))', 'a cat on a mat'],
    ['((a cat), (sharp focus:1.3)), {{blue}}', 'a cat, sharp focus, blue'],
    ['a cat, <lora:fur_v2:0.8>, sharp', 'a cat, sharp'],
    ['[cat:dog:0.5] and [red|blue] (sky:.9)', 'dog and red sky'],
    ['\\(not a weight\\), (weight:2)', '(not a weight), weight'],
    ['((unbalanced, cat:3)', '(unbalanced, cat'],
  ];
  for (const [text, expected] of cases) {
    expect(hasWeights(text), text).toBe(true);
    expect(stripWeights(text), text).toBe(expected);
  }
  for (const text of ['a cat (oil on canvas)', 'ratio 16:9', 'smile :)', 'a < b', '']) {
    expect(hasWeights(text), text).toBe(false);
  }
});

it('flags are known, and go with their values', () => {
  const cases: [string, string][] = [
    ['a cat --ar 16:9', 'a cat'],
    ['a cat --ar 16:9 --v 5.1 --stylize 750 --no hands, text', 'a cat'],
    ['--tile a cat, 8k', 'a cat, 8k'],
    ['a cat —ar 2:3 —v 4', 'a cat'],
    ['a cat --style raw --seed=42 in the rain', 'a cat in the rain'],
    ['a cat --hd, sharp', 'a cat, sharp'],
  ];
  for (const [text, expected] of cases) {
    expect(hasFlags(text), text).toBe(true);
    expect(stripFlags(text), text).toBe(expected);
  }
  for (const text of ['a well--known cat', 'a cat — sitting', 'a cat —sitting', 'x -- y', '']) {
    expect(hasFlags(text), text).toBe(false);
    expect(stripFlags(text), text).toBe(text);
  }
});

it('nothing is left to strip the second time', () => {
  const unit = fc.constantFrom('a', 'cat', ' ', ', ', '(', ')', '[', ']', '{', '}', ':1.2', '|', '--ar', '16:9', '\\(');
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 20 }), (parts) => {
      const once = stripFlags(parts.join(''));
      expect(hasFlags(once)).toBe(false);
      expect(stripWeights(parts.join('')).length).toBeLessThanOrEqual(parts.join('').length);
    }),
  );
});
