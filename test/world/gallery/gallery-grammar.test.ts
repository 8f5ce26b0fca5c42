import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RandomStream } from '../../../common/random.ts';
import { ClipTokenizer } from '../../../models/clip/tokenizer/tokenizer.ts';
import {
  galleryCaption,
  parseGallery,
  qualityWords,
  vocabulary,
} from '../../../world/scenes/gallery/gallery-grammar.ts';
import { gallery, styleNames, type GalleryScene } from '../../../world/scenes/gallery/gallery-scene.ts';
import { contextLength, galleryTokenizerFiles } from '../../../world/scenes/gallery/gallery-tokenizer.ts';
import { writeFiles } from '../../../world/scenes/common/clip-tokenizer-files.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';

const anyScene = fc
  .tuple(fc.constantFrom(...gallery.all), fc.subarray([...gallery.names], { minLength: 1 }))
  .map(([scene, names]) => Object.fromEntries(names.map((name) => [name, scene[name]])) as Partial<GalleryScene>);
const anyStyle = fc.option(fc.constantFrom(...styleNames), { nil: undefined });
const anyQuality = fc
  .constantFrom('good', 'medium', 'dull')
  .chain((tier) =>
    fc.tuple(
      fc.constant(tier),
      fc.subarray([...qualityWords[tier]], { maxLength: Math.min(3, qualityWords[tier].length) }),
    ),
  );
const anyStream = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((seed) => new RandomStream(seed, 'caption'));

async function loadTokenizer(): Promise<ClipTokenizer> {
  const folder = await temporaryFolder();
  await writeFiles(folder, galleryTokenizerFiles());
  return ClipTokenizer.load(folder);
}

test('parse inverts caption, whatever is left out, drawn or added', () => {
  fc.assert(
    fc.property(anyScene, anyStyle, anyQuality, anyStream, (scene, style, [tier, words], stream) => {
      const prompt = galleryCaption(scene, { style, quality: words }, stream);
      expect(parseGallery(prompt)).toEqual({
        scene,
        ...(style && { style }),
        ...(words.length > 0 && { quality: tier }),
      });
    }),
    { numRuns: 2000 },
  );
});

test('the canonical caption says all in one order', () => {
  const scene = { shape: 'circle', color: 'red', background: 'sand', size: 'small', position: 'top left' } as const;
  expect(galleryCaption(scene, { style: 'outline', quality: ['sharp'] })).toBe(
    'a small red circle in the top left on a sand background, in an outline style, sharp',
  );
});

test.each([
  ['a neon sign of a large blue cross', { scene: { size: 'large', color: 'blue', shape: 'cross' }, style: 'neon' }],
  ['A 3D render: a red circle!', { scene: { color: 'red', shape: 'circle' }, style: '3d' }],
  ['a cyan square, sharp, vivid', { scene: { color: 'cyan', shape: 'square' }, quality: 'good' }],
  ['low quality, a triangle, cartoon drawing', { scene: { shape: 'triangle' }, style: 'outline', quality: 'dull' }],
])('"%s" is understood', (prompt, request) => {
  expect(parseGallery(prompt)).toEqual(request);
});

test.each([
  'a small red circle on a wooden table',
  'a circle and a square',
  'a red circle, in a neon style, flat icon',
  'a red circle, sharp, blurry',
  'a red circle in the top',
  'a neon sign',
  'a red circle, render',
  'a red circle on a gray background',
  '',
])('"%s" is not a prompt of the gallery', (prompt) => {
  expect(parseGallery(prompt)).toBeUndefined();
});

test('each word of the grammar is one token, except 3d, whose digit CLIP takes apart', async () => {
  const tokenizer = await loadTokenizer();
  for (const word of vocabulary) expect(tokenizer.encode(word)).toHaveLength(word === '3d' ? 4 : 3);
});

test('the longest captions fit into the context', async () => {
  const tokenizer = await loadTokenizer();
  fc.assert(
    fc.property(fc.constantFrom(...gallery.all), fc.constantFrom(...styleNames), anyStream, (scene, style, stream) => {
      const quality = qualityWords.good.slice(0, 3);
      expect(tokenizer.encode(galleryCaption(scene, { style, quality }, stream)).length).toBeLessThanOrEqual(
        contextLength,
      );
    }),
    { numRuns: 3000 },
  );
});
