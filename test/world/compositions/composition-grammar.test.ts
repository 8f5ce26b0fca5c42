import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RandomStream } from '../../../common/random.ts';
import { ClipTokenizer } from '../../../models/clip/tokenizer/tokenizer.ts';
import { writeFiles } from '../../../world/scenes/common/clip-tokenizer-files.ts';
import {
  compositionCaption,
  compositionWords,
  parseComposition,
} from '../../../world/scenes/gallery/compositions/composition-grammar.ts';
import { compositions } from '../../../world/scenes/gallery/compositions/composition-set.ts';
import {
  compositionKey,
  isPossible,
  type PaintedShape,
  type Said,
} from '../../../world/scenes/gallery/compositions/composition.ts';
import { parseGallery, qualityWords, vocabulary } from '../../../world/scenes/gallery/gallery-grammar.ts';
import { gallery, styleNames } from '../../../world/scenes/gallery/gallery-scene.ts';
import { contextLength, galleryTokenizerFiles } from '../../../world/scenes/gallery/gallery-tokenizer.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

/** All or some of an object's, or a picture's, attributes. */
const some = <T extends object>(whole: T): fc.Arbitrary<Partial<T>> =>
  fc
    .subarray(Object.keys(whole) as (keyof T)[])
    .map((names) => Object.fromEntries(names.map((name) => [name, whole[name]])) as Partial<T>);
const anyWhole = fc.constantFrom(...compositions.all);
const anySaid = anyWhole
  .chain((scene): fc.Arbitrary<Said> => {
    if (scene.kind === 'group') return some(scene).map((said) => ({ ...said, kind: 'group' }));
    const object = (own: PaintedShape): fc.Arbitrary<Partial<PaintedShape>> => some(own);
    const { relation, background } = scene;
    return fc
      .tuple(object(scene.first), object(scene.second), some({ relation, background }))
      .map(([first, second, said]) => ({ kind: 'pair', first, second, ...said }));
  })
  .filter(isPossible);
const anyStyle = fc.option(fc.constantFrom(...styleNames), { nil: undefined });
const anyStream = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((seed) => new RandomStream(seed, 'caption'));

async function loadTokenizer(): Promise<ClipTokenizer> {
  const folder = await temporaryFolder();
  await writeFiles(folder, galleryTokenizerFiles(true));
  return ClipTokenizer.load(folder);
}

test('parse inverts caption, whatever is left out, drawn or added', () => {
  fc.assert(
    fc.property(anySaid, anyStyle, anyStream, (said, style, stream) => {
      const prompt = compositionCaption(said, { style, quality: ['sharp', 'high quality'] }, stream);
      const asked = parseComposition(prompt)!;
      expect(compositionKey(asked.scene)).toBe(compositionKey(said));
      expect(asked).toMatchObject({ quality: 'good', ...(style && { style }) });
      expect(parseGallery(prompt)).toBeUndefined();
    }),
    { numRuns: 1000 },
  );
});

test('the canonical caption says all in one order', () => {
  const [first, second] = [
    { shape: 'circle', color: 'red' },
    { shape: 'square', color: 'blue' },
  ] as const;
  expect(
    compositionCaption(
      { kind: 'pair', first, second, relation: 'right of', background: 'sand' },
      { style: 'outline', quality: ['sharp'] },
    ),
  ).toBe('a red circle right of a blue square on a sand background, in an outline style, sharp');
  expect(compositionCaption({ kind: 'group', count: 'three', shape: 'cross', color: 'pink', background: 'navy' })).toBe(
    'three pink crosses on a navy background',
  );
});

test.each([
  ['two red circles', { kind: 'group', count: 'two', shape: 'circle', color: 'red' }],
  ['A pair of red discs!', { kind: 'group', count: 'two', shape: 'circle', color: 'red' }],
  ['squares on mint', { kind: 'group', shape: 'square', background: 'mint' }],
  ['four shapes', { kind: 'group', count: 'four' }],
  [
    'a red circle and a square',
    { kind: 'pair', first: { shape: 'circle', color: 'red' }, second: { shape: 'square' } },
  ],
  [
    'a pink shape to the right of a cross',
    { kind: 'pair', first: { color: 'pink' }, second: { shape: 'cross' }, relation: 'right of' },
  ],
  [
    'a sand background with a disc under a blue plus',
    {
      kind: 'pair',
      first: { shape: 'circle' },
      second: { shape: 'cross', color: 'blue' },
      relation: 'below',
      background: 'sand',
    },
  ],
])('"%s" is understood', (prompt, scene) => {
  expect(parseComposition(prompt)).toEqual({ scene });
});

test.each([
  'a red circle',
  'two red circle',
  'five red circles',
  'two red circles left of a square',
  'a red circle left of a red circle',
  'a circle left of a square above a cross',
  'a circle, a square',
  'left of a circle a square',
  'a circle left a square',
  'a red blue circle left of a square',
  'red circles, two',
  'two three circles',
  'a small circle left of a square',
  'a circle left of a square, in a neon style, flat icon',
  'two circles on a wooden table',
  '',
])('"%s" is not a prompt of several objects', (prompt) => {
  expect(parseComposition(prompt)).toBeUndefined();
});

test("the gallery's captions are none of several objects", () => {
  for (const scene of gallery.all.slice(0, 50))
    expect(parseComposition(`a ${scene.color} ${scene.shape}`)).toBeUndefined();
});

test('each word is one token behind those of the gallery, and the longest captions fit into the context', async () => {
  const tokenizer = await loadTokenizer();
  for (const word of [...vocabulary, ...compositionWords])
    expect(tokenizer.encode(word)).toHaveLength(word === '3d' ? 4 : 3);
  expect(galleryTokenizerFiles(true)['merges.txt']!.startsWith(galleryTokenizerFiles()['merges.txt']!)).toBe(true);
  fc.assert(
    fc.property(anyWhole, fc.constantFrom(...styleNames), anyStream, (scene, style, stream) => {
      const quality = qualityWords.good.slice(0, 3);
      expect(tokenizer.encode(compositionCaption(scene, { style, quality }, stream)).length).toBeLessThanOrEqual(
        contextLength,
      );
    }),
    { numRuns: 2000 },
  );
});
