import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RandomStream } from '../../../common/random.ts';
import { agreement, compare, contradicts } from '../../../world/scenes/gallery/compositions/comparison.ts';
import {
  changes,
  changesOf,
  completed,
  otherwise,
} from '../../../world/scenes/gallery/compositions/composition-changes.ts';
import { compositions } from '../../../world/scenes/gallery/compositions/composition-set.ts';
import {
  compositionKey,
  isPossible,
  relations,
  turned,
  type Group,
  type Pair,
} from '../../../world/scenes/gallery/compositions/composition.ts';
import { attributes } from '../../../world/scenes/gallery/gallery-scene.ts';

const splits = ['train', 'validation', 'test'] as const;
const anyScene = fc.constantFrom(...compositions.all);
const anyStream = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((seed) => new RandomStream(seed, 'composition'));
const training = new Set(compositions.of('train').map(compositionKey));
const pair: Pair = {
  kind: 'pair',
  first: { shape: 'circle', color: 'red' },
  second: { shape: 'square', color: 'blue' },
  relation: 'left of',
  background: 'sand',
};
const group: Group = { kind: 'group', count: 'three', shape: 'circle', color: 'red', background: 'sand' };

test('there are 1,400 pairs and 360 groups, none twice, and every value is in every split', () => {
  expect(new Set(compositions.all.map(compositionKey)).size).toBe(1760);
  expect(compositions.all.filter(({ kind }) => kind === 'group')).toHaveLength(360);
  expect(compositions.all.every(isPossible)).toBe(true);
  for (const split of splits) {
    const scenes = compositions.of(split);
    const [pairs, groups] = [
      scenes.filter((scene) => scene.kind === 'pair'),
      scenes.filter((scene) => scene.kind === 'group'),
    ];
    expect(new Set(scenes.map(({ background }) => background)).size).toBe(attributes.background.length);
    for (const objects of [pairs.map(({ first }) => first), pairs.map(({ second }) => second), groups]) {
      expect(new Set(objects.map(({ shape }) => shape)).size).toBe(attributes.shape.length);
      expect(new Set(objects.map(({ color }) => color)).size).toBe(attributes.color.length);
    }
    expect(new Set(pairs.map(({ relation }) => relation))).toEqual(new Set(relations));
    expect(new Set(groups.map(({ count }) => count)).size).toBe(3);
  }
  expect(splits.map((split) => compositions.of(split).length)).toEqual([1144, 199, 417]);
});

test('a pair and the same pair turned are one, in one split', () => {
  for (const scene of compositions.all.filter((each) => each.kind === 'pair')) {
    expect(compositionKey(turned(scene))).toBe(compositionKey(scene));
    expect(compositions.split(turned(scene))).toBe(compositions.split(scene));
    expect(contradicts(scene, turned(scene))).toBe(false);
  }
});

test('what differs in one thing is wrong in that alone', () => {
  const all = { shape: true, color: true, relation: true, background: true };
  expect(compare(pair, pair)).toEqual(all);
  expect(compare(pair, { ...pair, relation: 'right of' })).toEqual({ ...all, relation: false });
  expect(compare(pair, { ...pair, relation: 'above' })).toEqual({ ...all, relation: false });
  expect(compare(pair, { ...pair, background: 'mint' })).toEqual({ ...all, background: false });
  const [first, second] = [
    { shape: 'circle', color: 'blue' },
    { shape: 'square', color: 'red' },
  ] as const;
  expect(compare(pair, { ...pair, first, second })).toEqual({ ...all, color: false });
  const equal = { ...pair, second: { shape: 'square', color: 'red' } } as const;
  expect(compare(equal, { ...equal, relation: 'right of' })).toEqual({ ...all, relation: false });
  expect(compare(group, { ...group, count: 'two' })).toMatchObject({ shape: true, color: true, count: false });
  expect(compare(group, { kind: 'pair', first: { shape: 'circle' }, second: {}, relation: 'above' })).toEqual({
    shape: true,
    relation: false,
  });
  expect(compare(pair, { kind: 'group', count: 'two', color: 'red' })).toEqual({ color: false, count: false });
  expect(agreement(pair, { ...pair, relation: 'above' })).toBe(0.75);
});

test('a change changes one thing, exchanged attributes among them', () => {
  fc.assert(
    fc.property(anyScene, anyStream, (scene, stream) => {
      for (const name of changes)
        for (const other of changesOf(scene)[name]) {
          const wrong = Object.entries(compare(other, scene)).filter(([, right]) => !right);
          expect(wrong.length).toBeGreaterThan(0);
          if (name !== 'exchange') expect(wrong.map(([attribute]) => attribute)).toEqual([expect.anything()]);
        }
      expect(contradicts(scene, otherwise(scene, ['relation', 'count'], stream))).toBe(true);
      const neighbor = compositions.trainingNeighbor(scene, stream);
      expect(compositions.split(neighbor)).toBe('train');
      expect(contradicts(scene, neighbor)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('most training scenes have a neighbor that is to be told by each thing', () => {
  const scenes = compositions.of('train').filter(({ kind }) => kind === 'pair');
  for (const name of ['shape', 'color', 'exchange', 'relation', 'background'] as const) {
    const told = scenes.filter((scene) => changesOf(scene)[name].some((other) => training.has(compositionKey(other))));
    expect(told.length / scenes.length).toBeGreaterThan(0.5);
  }
});

test('what is unsaid is drawn', () => {
  fc.assert(
    fc.property(anyStream, (stream) => {
      const said = { kind: 'pair', first: { shape: 'circle' }, second: { shape: 'circle' } } as const;
      expect(completed(said)).toBeUndefined();
      const scene = completed(said, stream)!;
      expect(isPossible(scene)).toBe(true);
      expect(contradicts(scene, said)).toBe(false);
    }),
    { numRuns: 50 },
  );
  expect(completed(group)).toEqual(group);
});
