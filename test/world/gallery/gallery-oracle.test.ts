import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../../common/random.ts';
import { mean } from '../../../common/statistics.ts';
import { render } from '../../../world/scenes/gallery/gallery-renderer.ts';
import { gallery, styleNames, type GalleryScene, type StyleName } from '../../../world/scenes/gallery/gallery-scene.ts';
import { randomDegradation } from '../../../world/scenes/gallery/gallery-tiers.ts';
import { judgeGallery, readGallery } from '../../../world/scenes/gallery/oracle/gallery-oracle.ts';
import { qualityOf } from '../../../world/scenes/common/degradation.ts';
import { leastValidity } from '../../../world/scenes/common/judgement.ts';
import { autoencoders, wrongPictures } from './simulations.ts';
import { randomJitter } from '../../../world/scenes/common/jitter.ts';

/** Measures how often five attributes and the style are right on jittered renders that `change` alters. */
function rightness(
  style: StyleName,
  count: number,
  change = (picture: Float32Array, _: RandomStream): Float32Array => picture,
): { strict: number; styled: number } {
  const judged = Array.from({ length: count }, (_, i) => {
    const stream = new RandomStream(7, `oracle, ${style}`, i);
    const scene = stream.choice(gallery.all);
    const picture = render(scene, style, { jitter: randomJitter(stream) });
    return judgeGallery(change(picture, stream), scene);
  });
  return {
    strict: mean(judged.map(({ strict }) => strict)),
    styled: mean(judged.map((judgement) => Number(judgement.style === style))),
  };
}

describe.each(styleNames)('the oracle on the style %s', (style) => {
  test('is right on clean renders with jitter', () => {
    const { strict, styled } = rightness(style, 40);
    expect(strict).toBeGreaterThanOrEqual(0.97);
    expect(styled).toBeGreaterThanOrEqual(0.97);
  });

  test.each(Object.entries(autoencoders))('is right after an autoencoder: %s', (_, change) => {
    const { strict, styled } = rightness(style, 12, change);
    expect(strict).toBeGreaterThanOrEqual(0.9);
    expect(styled).toBeGreaterThanOrEqual(0.9);
  });

  test('knows the quality', () => {
    const pairs = Array.from({ length: 40 }, (_, i) => {
      const stream = new RandomStream(8, `quality, ${style}`, i);
      const degradation = randomDegradation(stream, stream.choice(['good', 'medium', 'dull']));
      const picture = render(stream.choice(gallery.all), style, { jitter: randomJitter(stream), degradation, stream });
      return [readGallery(picture).quality, qualityOf(degradation, 64)] as const;
    });
    const [read, truth] = [pairs.map(([first]) => first), pairs.map(([, second]) => second)];
    expect(correlation(read, truth)).toBeGreaterThanOrEqual(0.95);
    expect(Math.abs(mean(read) - mean(truth))).toBeLessThan(0.03);
  });
});

test.each(Object.entries(wrongPictures))('a picture of no scene is invalid: %s', (kind, draw) => {
  const readings = styleNames.flatMap((style) =>
    Array.from({ length: 10 }, (_, i) => readGallery(draw(style, new RandomStream(9, `${kind}, ${style}`, i)))),
  );
  const valid = readings.filter(({ validity }) => validity >= leastValidity);
  expect(valid.length / readings.length).toBeLessThanOrEqual(0.01);
});

test('blank pictures and noise have no quality', () => {
  for (const kind of ['blank', 'noise'] as const)
    expect(readGallery(wrongPictures[kind]!('flat', new RandomStream(1, kind))).quality).toBeLessThan(0.01);
});

test('a wrong attribute costs the strict score, and only what is asked for counts', () => {
  const scene: GalleryScene = {
    shape: 'cross',
    color: 'green',
    background: 'sand',
    size: 'small',
    position: 'top right',
  };
  const picture = render(scene, 'neon');
  expect(judgeGallery(picture, scene)).toMatchObject({ strict: 1, soft: 1, style: 'neon' });
  const judgement = judgeGallery(picture, { ...scene, color: 'cyan' });
  expect(judgement).toMatchObject({ strict: 0, soft: 0.8, correct: { color: false, shape: true } });
  expect(judgeGallery(picture, { shape: 'cross' }).strict).toBe(1);
});

test('a clean picture has the highest quality, in each style', () => {
  for (const style of styleNames) expect(readGallery(render(gallery.all[3]!, style)).quality).toBeGreaterThan(0.97);
});

test('a picture of another size is refused', () => {
  expect(() => readGallery(new Float32Array(32 * 32 * 3))).toThrow('expected 12288');
});

function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  const product = (x: readonly number[], mx: number, y: readonly number[], my: number): number =>
    x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0);
  return product(a, meanA, b, meanB) / Math.sqrt(product(a, meanA, a, meanA) * product(b, meanB, b, meanB));
}
