import { expect, test } from 'vitest';
import { RandomStream } from '../../../common/random.ts';
import { agreement, contradicts } from '../../../world/scenes/gallery/compositions/comparison.ts';
import { compositionExample } from '../../../world/scenes/gallery/compositions/composition-examples.ts';
import { parseComposition } from '../../../world/scenes/gallery/compositions/composition-grammar.ts';
import { compositions } from '../../../world/scenes/gallery/compositions/composition-set.ts';
import { isWhole } from '../../../world/scenes/gallery/compositions/composition.ts';
import { wrongShare } from '../../../world/scenes/gallery/gallery-examples.ts';
import { parseGallery } from '../../../world/scenes/gallery/gallery-grammar.ts';
import { pictureLength } from '../../../world/scenes/gallery/placed-object.ts';
import { galleryWith } from '../../../world/training/data/gallery-data.ts';
import { pictureBank } from '../../../world/training/data/picture-bank.ts';
import { PreferencePairs } from '../../../world/training/data/preference-pairs.ts';

const share = 0.25;
const mixed = galleryWith(share);
const count = 200;
const about = (part: number, of: number, expected: number): void =>
  expect(Math.abs(part / of - expected)).toBeLessThan(0.07);

test('the stated share of web-like pictures has several objects, and every caption is of its tier', () => {
  const examples = Array.from({ length: count }, (_, index) => mixed.webExample(index, 1));
  const hard = examples.filter(({ scene }) => 'kind' in scene);
  about(hard.length, count, share);
  for (const { image, captions, scene } of examples) {
    expect(image).toHaveLength(pictureLength);
    expect(image.every((value) => value >= 0 && value <= 1)).toBe(true);
    const parse = 'kind' in scene ? parseComposition : parseGallery;
    expect(captions.map((caption) => parse(caption) !== undefined)).toEqual([true, true, true, true]);
  }
});

test('captions of several objects are wrong as often as is stated, and speak of training scenes', () => {
  const examples = Array.from({ length: count }, (_, index) => compositionExample(index, 1));
  about(examples.filter(({ wrong }) => wrong).length, count, wrongShare);
  const names = new Set<string>();
  for (const { scene, caption, wrong } of examples) {
    const { scene: said } = parseComposition(caption)!;
    expect(contradicts(scene, said)).toBe(wrong);
    expect(compositions.split(scene)).toBe('train');
    if (isWhole(said)) expect(compositions.split(said)).toBe('train');
    if (wrong && agreement(scene, said) > 0.7) names.add(said.kind);
  }
  expect(names).toEqual(new Set(['pair', 'group']));
});

test('a wrong caption says one thing else, and so does a neighbor', () => {
  for (let i = 0; i < 60; i++) {
    const random = new RandomStream(2, 'wrong', i);
    let scene = mixed.trainingScene(random);
    while (!('kind' in scene)) scene = mixed.trainingScene(random);
    const caption = mixed.caption(scene, random);
    expect(contradicts(scene, parseComposition(caption)!.scene)).toBe(false);
    for (const name of ['shape', 'position'] as const) {
      expect(contradicts(scene, parseComposition(mixed.sayOtherwise(caption, [name], random))!.scene)).toBe(true);
      const near = mixed.neighbor(scene, random, [name]);
      expect(mixed.agreement(near, scene)).toBeLessThan(1);
      expect(mixed.key(near)).not.toBe(mixed.key(scene));
    }
    expect(mixed.agreement(scene, scene)).toBe(1);
    expect(mixed.silhouette(scene).some((value) => value > 0)).toBe(true);
    expect(mixed.hiddenCells(scene, random)).toContain(1);
  }
});

test("the rewards' pairs are of both tiers, and the better picture is nearer to what is wanted", () => {
  const data = galleryWith(0.7);
  const bank = pictureBank(data, 600, 3);
  const pairs = new PreferencePairs(data, bank);
  const random = new RandomStream(3, 'pairs');
  const drawn = Array.from({ length: count }, () => pairs.draw(random));
  const hard = drawn.filter(({ wanted }) => 'kind' in wanted);
  expect(hard.length).toBeGreaterThan(count / 10);
  expect(hard.length).toBeLessThan(count);
  const nearness = (index: number, wanted: Parameters<typeof data.key>[0]): number => {
    const { scene } = bank.records[index]!;
    return scene ? data.agreement(scene, wanted) : 0;
  };
  for (const { wanted, better, worse } of drawn)
    expect(nearness(better, wanted)).toBeGreaterThanOrEqual(nearness(worse, wanted) - 0.5);
});
