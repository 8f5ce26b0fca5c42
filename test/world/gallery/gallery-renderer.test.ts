import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RandomStream } from '../../../common/random.ts';
import { masksOf, render } from '../../../world/scenes/gallery/gallery-renderer.ts';
import { attributes, gallery, styleNames } from '../../../world/scenes/gallery/gallery-scene.ts';
import { randomDegradation } from '../../../world/scenes/gallery/gallery-tiers.ts';
import { PlacedObject, pictureLength, placementOf } from '../../../world/scenes/gallery/placed-object.ts';
import { styles } from '../../../world/scenes/gallery/styles/styles.ts';
import { randomJitter } from '../../../world/scenes/common/jitter.ts';

const anyScene = fc.constantFrom(...gallery.all);
const anyStyle = fc.constantFrom(...styleNames);
const anySeed = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test('there are 1,200 combinations, and every value of every attribute is in every split', () => {
  expect(new Set(gallery.all.map((scene) => gallery.key(scene))).size).toBe(1200);
  const splits = (['train', 'validation', 'test'] as const).map((split) => gallery.of(split));
  expect(splits.flat().length).toBe(1200);
  for (const scenes of splits)
    for (const name of gallery.names)
      expect(new Set(scenes.map((scene) => scene[name])).size).toBe(attributes[name].length);
});

test('a picture is 64 x 64 x 3 in [0, 1], the same for the same stream', () => {
  fc.assert(
    fc.property(anyScene, anyStyle, anySeed, (scene, style, seed) => {
      const draw = (): Float32Array => {
        const stream = new RandomStream(seed, 'render');
        const [jitter, degradation] = [randomJitter(stream), randomDegradation(stream, 'dull')];
        return render(scene, style, { jitter, degradation, stream });
      };
      const picture = draw();
      expect(picture.length).toBe(pictureLength);
      expect(picture.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(picture).toEqual(draw());
    }),
    { numRuns: 20 },
  );
});

test("no style's masks are negative or sum to more than 1, so no color leaves the range", () => {
  fc.assert(
    fc.property(anyScene, anyStyle, (scene, style) => {
      const masks = masksOf(styles[style], placementOf(scene));
      masks[0]!.forEach((_, pixel) => {
        const shares = masks.map((mask) => mask[pixel]!);
        expect(Math.min(...shares)).toBeGreaterThanOrEqual(-1e-6);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(1 + 1e-6);
      });
    }),
    { numRuns: 12 },
  );
});

test('the object is where its position says, inside the picture, and a large one is larger', () => {
  for (const shape of attributes.shape) {
    for (const position of attributes.position) {
      const [small, large] = attributes.size.map((size) => {
        const object = new PlacedObject(placementOf({ shape, size, position }));
        const points = Array.from({ length: 64 * 64 }, (_, i) => [
          ((i % 64) + 0.5) / 64,
          (Math.floor(i / 64) + 0.5) / 64,
        ]);
        return points.filter(([x, y]) => object.distance(x!, y!) < 0);
      });
      expect(large!.length / small!.length).toBeGreaterThan(2);
      expect(large!.every(([x, y]) => x! > 0.02 && x! < 0.98 && y! > 0.02 && y! < 0.98)).toBe(true);
      const mean = (axis: 0 | 1): number => small!.reduce((sum, point) => sum + point[axis]!, 0) / small!.length;
      expect(
        Math.abs(mean(0) - (position.includes('left') ? 0.3 : position.includes('right') ? 0.7 : 0.5)),
      ).toBeLessThan(0.02);
      // A triangle's centroid is below the middle of its bounding box.
      expect(
        Math.abs(mean(1) - (position.includes('top') ? 0.3 : position.includes('bottom') ? 0.7 : 0.5)),
      ).toBeLessThan(0.06);
    }
  }
});

test('a neon picture is dark around a bright tube, and an outline has a dark line around a paler fill', () => {
  const scene = { shape: 'circle', color: 'red', background: 'mint', size: 'large', position: 'center' } as const;
  const at = (picture: Float32Array, x: number): number => {
    const pixel = 3 * (32 * 64 + x);
    return picture[pixel]! + picture[pixel + 1]! + picture[pixel + 2]!;
  };
  const neon = render(scene, 'neon');
  expect(at(neon, 2)).toBeLessThan(0.8);
  expect(at(neon, 48)).toBeGreaterThan(2);
  expect(at(neon, 32)).toBeLessThan(1.2);
  const outline = render(scene, 'outline');
  expect(at(outline, 48)).toBeLessThan(0.3);
  expect(at(outline, 32)).toBeGreaterThan(at(render(scene, 'flat'), 32) + 0.3);
});
