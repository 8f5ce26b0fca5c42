import { expect, test } from 'vitest';
import { RandomStream } from '../../../common/random.ts';
import { mean } from '../../../common/statistics.ts';
import { parse } from '../../../world/scenes/shapes/grammar.ts';
import { attributeNames, combinations, sceneKey, scenes, type Scene } from '../../../world/scenes/shapes/scene.ts';
import { webExample, wrongShare } from '../../../world/scenes/shapes/web-like.ts';

const count = 2000;
const examples = Array.from({ length: count }, (_, index) => webExample(index, 1));

test('pictures and full captions stay within the training combinations', () => {
  for (const example of examples) {
    expect(combinations.split(example.scene)).toBe('train');
    const said = parse(example.caption)!;
    if (attributeNames.every((name) => said[name])) expect(combinations.split(said as Scene)).toBe('train');
  }
});

test('the stated share of captions is wrong, and the others are completely right', () => {
  let wrong = 0;
  for (const example of examples) {
    const said = parse(example.caption)!;
    const contradicts = attributeNames.some((name) => said[name] && said[name] !== example.scene[name]);
    expect(contradicts).toBe(example.wrong);
    wrong += Number(contradicts);
  }
  expect(Math.abs(wrong / count - wrongShare)).toBeLessThan(0.03);
});

test('style words are loosely right about quality', () => {
  const praised = examples.filter(
    ({ caption }) => /quality|sharp|vivid|bright|clean/.test(caption) && !/low/.test(caption),
  );
  const blamed = examples.filter(({ caption }) => /low quality|blurry|dull|dark|noisy/.test(caption));
  const difference = mean(praised.map(({ quality }) => quality)) - mean(blamed.map(({ quality }) => quality));
  expect(praised.length).toBeGreaterThan(count / 10);
  expect(difference).toBeGreaterThan(0.1);
  expect(praised.some(({ tier }) => tier === 'dull')).toBe(true);
});

test('an example is a function of its index and seed', () => {
  expect(webExample(7, 1)).toEqual(webExample(7, 1));
  expect(webExample(7, 2).image).not.toEqual(webExample(7, 1).image);
});

test('a neighbor changes one attribute, each equally often', () => {
  const stream = new RandomStream(1, 'neighbours');
  const changes = Object.fromEntries(attributeNames.map((name) => [name, 0]));
  const keys = new Set(scenes.map(sceneKey));
  for (let i = 0; i < 5000; i++) {
    const scene = stream.choice(scenes);
    const negative = combinations.neighbor(scene, stream);
    expect(keys.has(sceneKey(negative))).toBe(true);
    const changed = attributeNames.filter((name) => negative[name] !== scene[name]);
    expect(changed.length).toBe(1);
    changes[changed[0]!]!++;
  }
  for (const name of attributeNames) expect(Math.abs(changes[name]! / 1000 - 1)).toBeLessThan(0.12);
});
