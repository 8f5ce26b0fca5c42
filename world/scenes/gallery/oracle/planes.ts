import { pictureSize } from '../placed-object.ts';

/** A picture at some resolution: three planes of side x side numbers, and their sums. */
export interface Planes {
  readonly side: number;
  readonly planes: readonly [red: Float32Array, green: Float32Array, blue: Float32Array];
  readonly sums: readonly [number, number, number];
  /** Sum of squares over all three. */
  readonly squares: number;
}

/**
 * Splits a picture [64, 64, 3] into planes, each number the mean of a square of pixels.
 * @param right, down pixels by which the picture is looked at farther on; its edges are repeated
 */
export function planesOf(picture: Float32Array, side: number, right = 0, down = 0): Planes {
  const step = pictureSize / side;
  const area = step * step;
  const planes = [new Float32Array(side * side), new Float32Array(side * side), new Float32Array(side * side)] as const;
  const [reds, greens, blues] = planes;
  for (let row = 0; row < pictureSize; row++) {
    const from = Math.min(pictureSize - 1, Math.max(0, row + down)) * pictureSize;
    const line = Math.floor(row / step) * side;
    for (let column = 0; column < pictureSize; column++) {
      const at = 3 * (from + Math.min(pictureSize - 1, Math.max(0, column + right)));
      const to = line + Math.floor(column / step);
      reds[to]! += picture[at]! / area;
      greens[to]! += picture[at + 1]! / area;
      blues[to]! += picture[at + 2]! / area;
    }
  }
  return summed(side, planes);
}

function summed(side: number, planes: Planes['planes']): Planes {
  const [red, green, blue] = planes.map(sumsOf) as [Sums, Sums, Sums];
  return {
    side,
    planes,
    sums: [red.sum, green.sum, blue.sum],
    squares: red.squares + green.squares + blue.squares,
  };
}

/** Pixels by which a part of a picture is looked at farther on. */
export type Shift = readonly [right: number, down: number];

/** A picture at one resolution, whose regions may be looked at farther on. */
export class ShiftedPlanes {
  readonly #picture: Float32Array;
  readonly #side: number;
  readonly #found = new Map<string, Planes>();

  /** @param picture [64, 64, 3] */
  constructor(picture: Float32Array, side: number) {
    this.#picture = picture;
    this.#side = side;
  }

  /**
   * @param shifts of each region
   * @param regions index of each cell's region, [side, side]
   */
  at(shifts: readonly Shift[], regions: Uint8Array): Planes {
    const wholes = shifts.map((shift) => this.#whole(shift));
    const first = wholes[0]!;
    if (wholes.every((whole) => whole === first)) return first;
    const joined = first.planes.map((plane, c) => plane.map((_, i) => wholes[regions[i]!]!.planes[c]![i]!));
    return summed(this.#side, joined as unknown as Planes['planes']);
  }

  #whole([right, down]: Shift): Planes {
    const key = `${right} ${down}`;
    const found = this.#found.get(key) ?? planesOf(this.#picture, this.#side, right, down);
    this.#found.set(key, found);
    return found;
  }
}

interface Sums {
  readonly sum: number;
  readonly squares: number;
}

function sumsOf(plane: Float32Array): Sums {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < plane.length; i++) {
    const value = plane[i]!;
    sum += value;
    squares += value * value;
  }
  return { sum, squares };
}

/** Returns the variation around the mean color: the sum of squares over all numbers. */
export function variation({ side, sums, squares }: Planes): number {
  return squares - (sums[0] ** 2 + sums[1] ** 2 + sums[2] ** 2) / (side * side);
}
