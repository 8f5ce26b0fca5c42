import { expect, test } from 'vitest';
import type { Split } from '../../../world/scenes/common/combinations.ts';
import { knownWorld } from '../../../world/known/known-worlds.ts';
import { attributeNames, attributes, sceneKey, scenes, scenesOf } from '../../../world/scenes/shapes/scene.ts';
import { parse } from '../../../world/scenes/shapes/grammar.ts';

const splits: readonly Split[] = ['train', 'validation', 'test'];

test('there are 1,200 different combinations', () => {
  expect(scenes.length).toBe(1200);
  expect(new Set(scenes.map(sceneKey)).size).toBe(1200);
});

test('each combination is in one split, and the test split has at least 240', () => {
  const keys = splits.flatMap((split) => scenesOf(split).map(sceneKey));
  expect(keys.length).toBe(1200);
  expect(new Set(keys).size).toBe(1200);
  expect(scenesOf('test').length).toBeGreaterThanOrEqual(240);
  expect(scenesOf('validation').length).toBeGreaterThanOrEqual(100);
});

test('every value of every attribute is in every split', () => {
  for (const split of splits) {
    for (const name of attributeNames) {
      expect(new Set(scenesOf(split).map((scene) => scene[name])).size).toBe(attributes[name].length);
    }
  }
});

test('prompts name all attributes, stay in the split of their combination, and are not repeated', () => {
  const prompts = knownWorld('shapes').prompts();
  const combinations = new Map<Split, Set<string>>(splits.map((split) => [split, new Set()]));
  for (const { prompt, split } of prompts) combinations.get(split)!.add(sceneKey(parse(prompt) as never));
  for (const split of splits) expect(combinations.get(split)).toEqual(new Set(scenesOf(split).map(sceneKey)));
  expect(new Set(prompts.map(({ prompt }) => prompt)).size).toBe(prompts.length);
});
