import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RandomStream } from '../../../common/random.ts';
import {
  compositionCoverage,
  randomJitters,
  renderComposition,
} from '../../../world/scenes/gallery/compositions/composition-renderer.ts';
import { arranged, placed } from '../../../world/scenes/gallery/compositions/arrangement.ts';
import { compositions } from '../../../world/scenes/gallery/compositions/composition-set.ts';
import { turned } from '../../../world/scenes/gallery/compositions/composition.ts';
import { styleNames } from '../../../world/scenes/gallery/gallery-scene.ts';
import { randomDegradation } from '../../../world/scenes/gallery/gallery-tiers.ts';
import { PlacedObject, pictureLength, pictureSize } from '../../../world/scenes/gallery/placed-object.ts';

const anyScene = fc.constantFrom(...compositions.all);
const anyStyle = fc.constantFrom(...styleNames);
const anySeed = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test('a picture is 64 x 64 x 3 in [0, 1], the same for the same stream', () => {
  fc.assert(
    fc.property(anyScene, anyStyle, anySeed, (scene, style, seed) => {
      const draw = (): Float32Array => {
        const stream = new RandomStream(seed, 'render');
        const [jitters, degradation] = [randomJitters(scene, stream), randomDegradation(stream, 'dull')];
        return renderComposition(scene, style, { jitters, degradation, stream });
      };
      const picture = draw();
      expect(picture.length).toBe(pictureLength);
      expect(picture.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(picture).toEqual(draw());
    }),
    { numRuns: 8 },
  );
});

test('a pair and the same pair turned are one picture', () => {
  for (const scene of compositions.all.slice(0, 4))
    if (scene.kind === 'pair') expect(renderComposition(turned(scene), '3d')).toEqual(renderComposition(scene, '3d'));
});

test('objects neither overlap nor leave the picture, whatever the jitter', () => {
  const points = Array.from({ length: pictureSize ** 2 }, (_, i) => [
    ((i % pictureSize) + 0.5) / pictureSize,
    (Math.floor(i / pictureSize) + 0.5) / pictureSize,
  ]);
  fc.assert(
    fc.property(anyScene, anySeed, (scene, seed) => {
      const { arrangement, objects } = arranged(scene);
      const jitters = randomJitters(scene, new RandomStream(seed, 'jitter'));
      const shapes = objects.map(({ shape }) => shape);
      const solid = placed(arrangement, shapes).map((place, i) => new PlacedObject(place, jitters[i]));
      for (const [x, y] of points) {
        const near = solid.filter((object) => object.distance(x!, y!) < 0.03);
        expect(near.length).toBeLessThanOrEqual(1);
        if (near.length > 0) expect(Math.min(x!, y!, 1 - x!, 1 - y!)).toBeGreaterThan(0.02);
      }
    }),
    { numRuns: 12 },
  );
});

test('what is covered are the objects, where their relation says', () => {
  const pair = compositions.all.find((scene) => scene.kind === 'pair' && scene.relation === 'above')!;
  const covered = [...compositionCoverage(pair)].flatMap((share, i) =>
    share > 0.5 ? [Math.floor(i / pictureSize)] : [],
  );
  expect(covered.some((row) => row < 24)).toBe(true);
  expect(covered.some((row) => row >= 40)).toBe(true);
  expect(covered.every((row) => row < 29 || row > 35)).toBe(true);
});
