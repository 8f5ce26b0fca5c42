import type { StyleName } from '../gallery-scene.ts';
import type { Placement } from '../placed-object.ts';

/** A picture's style and where its objects are, without colors. */
export interface Layout {
  readonly style: StyleName;
  readonly objects: readonly Placement[];
  /** Index of each object's color among the picture's: 0, 1, ...; objects may share one. */
  readonly colorOf: readonly number[];
}

/** Returns the number of colors of a layout's objects. */
export const colorsOf = ({ colorOf }: Layout): number => Math.max(...colorOf) + 1;

/** Returns for each cell of a picture, [side, side], the index of the object that it is nearest to. */
export function regionsOf({ objects }: Layout, side: number): Uint8Array {
  return Uint8Array.from({ length: side * side }, (_, cell) => {
    const x = ((cell % side) + 0.5) / side;
    const y = (Math.floor(cell / side) + 0.5) / side;
    const distances = objects.map((object) => Math.hypot(x - object.x, y - object.y));
    return distances.indexOf(Math.min(...distances));
  });
}
