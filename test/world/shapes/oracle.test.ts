import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RandomStream } from '../../../common/random.ts';
import { mean } from '../../../common/statistics.ts';
import { blur } from '../../../world/scenes/common/blur.ts';
import { degradeColor } from '../../../world/scenes/common/degradation.ts';
import { oracle, readScene } from '../../../world/scenes/shapes/oracle.ts';
import { coverage, objectColors, pictureLength, render } from '../../../world/scenes/shapes/renderer.ts';
import { attributeNames, combinations, scenes } from '../../../world/scenes/shapes/scene.ts';
import { webExample } from '../../../world/scenes/shapes/web-like.ts';
import { anyScene, anySeed } from './arbitrary.ts';
import { randomJitter } from '../../../world/scenes/common/jitter.ts';

const examples = Array.from({ length: 600 }, (_, index) => webExample(index, 5));
const judgements = examples.map(({ image, scene }) => oracle(image, scene));

test('it is right on every clean render', () => {
  for (const scene of scenes) {
    const reading = readScene(render(scene));
    expect(reading.scene).toEqual(scene);
    expect(reading.quality).toBeGreaterThan(0.99);
    expect(reading.validity).toBeGreaterThan(0.99);
  }
});

test('it is right on clean renders with jitter', () => {
  fc.assert(
    fc.property(anyScene, anySeed, (scene, seed) => {
      const picture = render(scene, { jitter: randomJitter(new RandomStream(seed, 'jitter')) });
      expect(oracle(picture, scene).strict).toBe(1);
    }),
    { numRuns: 300 },
  );
});

test('it is right on at least 97 % of web-like pictures', () => {
  const right = judgements.filter(({ strict }) => strict === 1).length;
  expect(right / judgements.length).toBeGreaterThanOrEqual(0.97);
});

test('its quality follows the true quality', () => {
  const read = judgements.map(({ quality }) => quality);
  const truth = examples.map(({ quality }) => quality);
  expect(correlation(read, truth)).toBeGreaterThan(0.9);
});

test('an attribute that is wrong costs the strict score and its share of the soft one', () => {
  const stream = new RandomStream(1, 'negatives');
  fc.assert(
    fc.property(anyScene, (scene) => {
      const asked = combinations.neighbor(scene, stream);
      const judgement = oracle(render(scene), asked);
      expect(judgement.strict).toBe(0);
      expect(judgement.soft).toBeCloseTo(0.8);
      for (const name of attributeNames) expect(judgement.correct[name]).toBe(asked[name] === scene[name]);
    }),
    { numRuns: 50 },
  );
});

test('only requested attributes count', () => {
  const [scene] = scenes;
  const judgement = oracle(render(scene!), { shape: scene!.shape, color: 'cyan' });
  expect(judgement).toMatchObject({ strict: 0, soft: 0.5, correct: { shape: true, color: false } });
  expect(oracle(render(scene!), { shape: scene!.shape }).strict).toBe(1);
});

test.each([
  ['blank', () => 0.5],
  ['black', () => 0],
  ['noise', (stream: RandomStream) => stream.uniform()],
])('a picture of nothing (%s) is invalid, has no quality and is never right', (_, pixel) => {
  const stream = new RandomStream(1, 'nothing');
  const picture = Float32Array.from({ length: pictureLength }, () => pixel(stream));
  const reading = readScene(picture);
  expect(reading.validity).toBeLessThan(0.05);
  expect(reading.quality).toBeLessThan(0.01);
  expect(oracle(picture, reading.scene)).toMatchObject({ strict: 0, soft: 0 });
});

test('two equal objects do not count as one', () => {
  for (const scene of scenes) {
    if (scene.position !== 'top left') continue;
    const mask = coverage(scene);
    const second = render({ ...scene, position: 'bottom right' });
    const picture = render(scene).map((value, i) => (mask[Math.floor(i / 3)]! > 0 ? value : second[i]!));
    expect(oracle(picture, scene).strict).toBe(0);
  }
});

test('a blurry object in colors that are a little off is still read', () => {
  const scene = { shape: 'cross', color: 'green', background: 'mint', size: 'small', position: 'top right' } as const;
  const mask = blur(coverage(scene), 1, 32);
  const foreground = degradeColor(objectColors.green, { dullness: 0.2, darkness: 0 });
  const picture = Float32Array.from({ length: pictureLength }, (_, i) => {
    const share = mask[Math.floor(i / 3)]!;
    return share * (foreground[i % 3]! + [0.1, -0.08, 0.06][i % 3]!) + (1 - share) * [0.68, 0.88, 0.7][i % 3]!;
  });
  expect(oracle(picture, scene).strict).toBe(1);
});

test('the quality of a clean picture is the highest', () => {
  expect(readScene(render(scenes[3]!)).quality).toBeCloseTo(1, 1);
});

function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  const product = (x: readonly number[], mx: number, y: readonly number[], my: number): number =>
    x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0);
  return product(a, meanA, b, meanB) / Math.sqrt(product(a, meanA, a, meanA) * product(b, meanB, b, meanB));
}
