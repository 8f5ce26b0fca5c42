import { expect, test } from 'vitest';
import {
  galleryExample,
  mannerTruth,
  qualityShare,
  styleShare,
  tiers,
  wrongShare,
} from '../../../world/scenes/gallery/gallery-examples.ts';
import { parseGallery } from '../../../world/scenes/gallery/gallery-grammar.ts';
import { gallery, styleNames, type GalleryScene } from '../../../world/scenes/gallery/gallery-scene.ts';

const examples = Array.from({ length: 500 }, (_, index) => {
  const example = galleryExample(index, 1);
  return { ...example, said: parseGallery(example.caption)! };
});
const share = <T>(of: readonly T[], is: (each: T) => boolean): number => of.filter(is).length / of.length;

test('pictures and full captions stay within the training combinations', () => {
  for (const { scene, said } of examples) {
    expect(gallery.split(scene)).toBe('train');
    if (gallery.names.every((name) => said.scene[name]))
      expect(gallery.split(said.scene as GalleryScene)).toBe('train');
  }
});

test('the stated share of captions is wrong, and the others are right', () => {
  for (const { wrong, scene, said } of examples)
    expect(gallery.names.some((name) => said.scene[name] && said.scene[name] !== scene[name])).toBe(wrong);
  expect(Math.abs(share(examples, ({ wrong }) => wrong) - wrongShare)).toBeLessThan(0.04);
});

test('most captions name style and quality, and are mostly right about them', () => {
  const styled = examples.filter(({ said }) => said.style);
  const praised = examples.filter(({ said }) => said.quality);
  expect(Math.abs(styled.length / examples.length - styleShare)).toBeLessThan(0.06);
  expect(Math.abs(praised.length / examples.length - qualityShare)).toBeLessThan(0.06);
  expect(Math.abs(share(styled, ({ said, style }) => said.style === style) - mannerTruth)).toBeLessThan(0.05);
  expect(Math.abs(share(praised, ({ said, tier }) => said.quality === tier) - mannerTruth)).toBeLessThan(0.05);
});

test('tiers and styles have their shares', () => {
  for (const [tier, part] of tiers)
    expect(Math.abs(share(examples, (example) => example.tier === tier) - part)).toBeLessThan(0.06);
  for (const style of styleNames)
    expect(Math.abs(share(examples, (example) => example.style === style) - 0.25)).toBeLessThan(0.06);
});

test('an example is a function of its index and seed', () => {
  expect(galleryExample(7, 1)).toEqual(galleryExample(7, 1));
  expect(galleryExample(7, 2).image).not.toEqual(galleryExample(7, 1).image);
});
