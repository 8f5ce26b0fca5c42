import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RandomStream } from '../../../common/random.ts';
import { caption, parse, styleWords, vocabulary } from '../../../world/scenes/shapes/grammar.ts';
import { scenes } from '../../../world/scenes/shapes/scene.ts';
import { anyPartialScene, anySeed } from './arbitrary.ts';

const anyStyle = fc.subarray([...styleWords.good, ...styleWords.bad], { maxLength: 2 });

test('parse inverts caption, whatever is left out, drawn or added as style', () => {
  fc.assert(
    fc.property(anyPartialScene, anySeed, anyStyle, (scene, seed, style) => {
      expect(parse(caption(scene, new RandomStream(seed, 'caption'), style))).toEqual(scene);
    }),
    { numRuns: 2000 },
  );
});

test('the canonical caption is deterministic', () => {
  for (const scene of scenes) expect(parse(caption(scene))).toEqual(scene);
  expect(caption({ shape: 'circle', color: 'red', background: 'white', size: 'small', position: 'top left' })).toBe(
    'a small red circle in the top left on a white background',
  );
});

test('captions use only the words of the vocabulary', () => {
  const known = new Set(vocabulary);
  fc.assert(
    fc.property(anyPartialScene, anySeed, anyStyle, (scene, seed, style) => {
      const words = caption(scene, new RandomStream(seed, 'caption'), style).match(/[^ ,]+/g)!;
      expect(words.filter((word) => !known.has(word))).toEqual([]);
    }),
  );
});

test.each([
  'an astronaut riding a horse',
  'a small red circle on a wooden table',
  'red',
  'a circle in a square',
  'a red green circle',
  'a circle on a white background on a black background',
  '',
])('"%s" is not a prompt of the shapes world', (prompt) => {
  expect(parse(prompt)).toBeUndefined();
});

test('case and punctuation do not matter', () => {
  expect(parse('A  Red circle: Top Left!')).toEqual({ color: 'red', shape: 'circle', position: 'top left' });
});
