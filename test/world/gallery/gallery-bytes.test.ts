import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { RandomStream } from '../../../common/random.ts';
import { galleryCaptions, galleryExample } from '../../../world/scenes/gallery/gallery-examples.ts';
import { galleryTokenizerFiles } from '../../../world/scenes/gallery/gallery-tokenizer.ts';
import { readGallery } from '../../../world/scenes/gallery/oracle/gallery-oracle.ts';
import { galleryData } from '../../../world/training/data/gallery-data.ts';

const digest = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
const bytes = (picture: Float32Array): string => picture.map((value) => Math.round(255 * value)).join();
const indices = [0, 1, 2, 3, 4, 5, 6, 7];

test("the gallery's pictures, captions and tokenizer are those that its models learned from", () => {
  expect(digest(...indices.map((i) => bytes(galleryExample(i, 1).image)))).toBe('48cc356bcfdbe9f8');
  expect(digest(...indices.flatMap((i) => galleryCaptions(i, 1, 4)))).toBe('69e86c36ae349dc2');
  expect(digest(...Object.values(galleryTokenizerFiles()))).toBe('152ddf5283edffcf');
});

test('so are the examples of its rewards', () => {
  const drawn = indices.flatMap((i) => {
    const random = new RandomStream(1, 'unchanged', i);
    const { image, scene, quality } = galleryData.picture(random);
    const near = galleryData.neighbor(scene, random);
    const said = galleryData.looseCaption(scene, random);
    const other = galleryData.sayOtherwise(said, ['shape'], random);
    return [bytes(image), JSON.stringify([scene, near]), quality.toFixed(6), said, other];
  });
  expect(digest(...drawn)).toBe('76c9d9a54aea6922');
});

test('the oracle reads them as it did', () => {
  const read = indices.map((i) => {
    const { scene, style, distance, validity, quality } = readGallery(galleryExample(i, 1).image);
    return JSON.stringify([scene, style, ...[distance, validity, quality].map((value) => value.toFixed(6))]);
  });
  expect(digest(...read)).toBe('a4a0d94a17006f80');
});
