import type { Placement } from '../placed-object.ts';
import { inReadingOrder, type Composition, type Count, type PaintedShape } from './composition.ts';

/** Where several objects are. */
export type Arrangement = 'row' | 'column' | 'triangle' | 'corners';

/** Radius of each object, as a share of the side: a little less than that of the gallery's small ones. */
const radius = 0.15;
/** Places along a side. */
const near = 0.26;
const middle = 0.5;
const far = 0.74;

/** Centers (x, y) of an arrangement's objects, as shares of the side, y downwards. */
const centers: Record<Arrangement, readonly (readonly [x: number, y: number])[]> = {
  row: [
    [near, middle],
    [far, middle],
  ],
  column: [
    [middle, near],
    [middle, far],
  ],
  triangle: [
    [middle, near],
    [near, far],
    [far, far],
  ],
  corners: [
    [near, near],
    [far, near],
    [near, far],
    [far, far],
  ],
};

/** Arrangement of a group by its count. */
const ofCount: Record<Count, Arrangement> = { two: 'row', three: 'triangle', four: 'corners' };

/** Returns where shapes are in an arrangement; there is a shape for each place. */
export function placed(arrangement: Arrangement, shapes: readonly Placement['shape'][]): Placement[] {
  return centers[arrangement].map(([x, y], i) => ({ shape: shapes[i]!, radius, x, y }));
}

/** Returns a composition's arrangement, and its objects from left to right and from top to bottom. */
export function arranged(scene: Composition): { arrangement: Arrangement; objects: readonly PaintedShape[] } {
  if (scene.kind === 'group') {
    const arrangement = ofCount[scene.count];
    return { arrangement, objects: centers[arrangement].map(() => scene) };
  }
  const { first, second, relation } = inReadingOrder(scene);
  return { arrangement: relation === 'left of' ? 'row' : 'column', objects: [first, second] };
}
