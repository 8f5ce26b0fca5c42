import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RandomStream } from '../../../common/random.ts';
import { blur } from '../../../world/scenes/common/blur.ts';
import { clean, qualityOf } from '../../../world/scenes/common/degradation.ts';
import { centers, coverage, pictureLength, radii, render } from '../../../world/scenes/shapes/renderer.ts';
import { scenes } from '../../../world/scenes/shapes/scene.ts';
import { randomDegradation } from '../../../world/scenes/shapes/tiers.ts';
import { anyScene, anySeed } from './arbitrary.ts';
import { randomJitter } from '../../../world/scenes/common/jitter.ts';

test('a picture is 32 x 32 x 3 in [0, 1], the same for the same stream', () => {
  fc.assert(
    fc.property(anyScene, anySeed, (scene, seed) => {
      const draw = (): Float32Array => {
        const stream = new RandomStream(seed, 'render');
        const [jitter, degradation] = [randomJitter(stream), randomDegradation(stream, 'dull')];
        return render(scene, { jitter, degradation, stream });
      };
      const picture = draw();
      expect(picture.length).toBe(pictureLength);
      expect(picture.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(picture).toEqual(draw());
    }),
    { numRuns: 50 },
  );
});

test('the object is where its position says, and as large as its size says', () => {
  for (const scene of scenes) {
    const mask = coverage(scene);
    const area = mask.reduce((sum, value) => sum + value, 0);
    let x = 0;
    let y = 0;
    mask.forEach((value, i) => {
      x += (value * ((i % 32) + 0.5)) / 32 / area;
      y += (value * (Math.floor(i / 32) + 0.5)) / 32 / area;
    });
    const [centerX, centerY] = centers[scene.position];
    const radius = radii[scene.size];
    // A triangle's centroid is .3 radii below the middle of its bounding box.
    const centroidY = centerY + (scene.shape === 'triangle' ? 0.3 * radius : 0);
    expect(Math.abs(x - centerX)).toBeLessThan(0.01);
    expect(Math.abs(y - centroidY)).toBeLessThan(0.015);
    const areas = { circle: Math.PI, square: 1.8 ** 2, triangle: (3 * Math.sqrt(3) * 1.2 ** 2) / 4, cross: 2.3616 };
    expect(area / 1024 / (areas[scene.shape] * radius ** 2)).toBeCloseTo(1, 1);
  }
});

test('a blur keeps the sum of a mask that is away from the edges', () => {
  const mask = new Float32Array(1024);
  mask[16 * 32 + 16] = 1;
  const blurred = blur(mask, 1.2, 32);
  expect(blurred.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
  expect(blurred[16 * 32 + 16]! / blurred[16 * 32 + 17]!).toBeCloseTo(Math.exp(1 / (2 * 1.2 ** 2)), 4);
});

test('quality is 1 for a clean picture and falls with each degradation', () => {
  expect(qualityOf(clean, 32)).toBe(1);
  for (const name of ['blur', 'dullness', 'darkness', 'noise'] as const) {
    expect(qualityOf({ ...clean, [name]: 0.1 }, 32)).toBeLessThan(1);
    expect(qualityOf({ ...clean, [name]: 0.12 }, 32)).toBeLessThan(qualityOf({ ...clean, [name]: 0.1 }, 32));
  }
});
