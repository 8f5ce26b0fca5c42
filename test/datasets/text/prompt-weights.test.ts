import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hasWeights, stripWeights } from '../../../datasets/text/prompt-weights.ts';

it('weights are recognized and removed, and the weighted words stay', () => {
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

it('parts by Midjourney lose their weights, and are removed when the weight is below 0', () => {
  const cases: [string, string][] = [
    ['space::2 ship', 'space ship'],
    ['hot:: dog', 'hot, dog'],
    ['a library :: isometric view ::', 'a library, isometric view'],
    ['tulip fields:: red::-.5', 'tulip fields'],
    ['tulips::2 red, blue::-1 sky::1.5', 'tulips sky'],
    ['a cat:: wet --ar 16:9::-1', 'a cat, --ar 16:9'],
    ['/imagine prompt: red::-1 a cat', 'a cat'],
  ];
  for (const [text, expected] of cases) {
    expect(hasWeights(text), text).toBe(true);
    expect(stripWeights(text), text).toBe(expected);
  }
  for (const text of ['std::vector in neon', 'at 12:30', 'a: b']) expect(hasWeights(text), text).toBe(false);
});

it('stripping weights only takes away', () => {
  const unit = fc.constantFrom('a', 'cat', ' ', ', ', '(', ')', '[', ']', '{', '}', ':1.2', '|', '::', '-1', '\\(');
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 20 }), (parts) => {
      const text = parts.join('');
      expect(stripWeights(text).length).toBeLessThanOrEqual(text.length);
    }),
  );
});
