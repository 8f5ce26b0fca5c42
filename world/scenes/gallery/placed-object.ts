import { noJitter, type Jitter } from '../common/jitter.ts';
import { signedDistance } from '../common/signed-distance.ts';
import type { GalleryScene } from './gallery-scene.ts';

/** Side of a picture, in pixels. */
export const pictureSize = 64;
/** Numbers in a picture: 64 x 64 x 3. */
export const pictureLength = pictureSize * pictureSize * 3;

/** The attributes that say where the object is and what form it has. */
export type Geometry = Pick<GalleryScene, 'shape' | 'size' | 'position'>;

/** Radius as a share of the side. */
const radii: Record<GalleryScene['size'], number> = { small: 0.16, large: 0.25 };

/** Center (x, y) as shares of the side, y downwards. */
const centers: Record<GalleryScene['position'], readonly [x: number, y: number]> = {
  center: [0.5, 0.5],
  'top left': [0.3, 0.3],
  'top right': [0.7, 0.3],
  'bottom left': [0.3, 0.7],
  'bottom right': [0.7, 0.7],
};

/** A shape somewhere. Lengths are shares of the side, y downwards. */
export interface Placement {
  readonly shape: GalleryScene['shape'];
  readonly radius: number;
  readonly x: number;
  readonly y: number;
}

/** Returns where the object of a scene is. */
export function placementOf({ shape, size, position }: Geometry): Placement {
  const [x, y] = centers[position];
  return { shape, radius: radii[size], x, y };
}

/** Corners are rounded with this share of the radius. */
const rounding = 0.1;

/** An object of a picture, at its place. Coordinates are shares of the side, y downwards. */
export class PlacedObject {
  readonly shape: Placement['shape'];
  /** Share of the side. */
  readonly radius: number;
  readonly #x: number;
  readonly #y: number;
  readonly #cos: number;
  readonly #sin: number;
  readonly #distance: (x: number, y: number) => number;

  constructor({ shape, radius, x, y }: Placement, { dx, dy, scale, rotation }: Jitter = noJitter) {
    this.shape = shape;
    this.radius = radius * scale;
    this.#x = x + dx;
    this.#y = y + dy;
    this.#cos = Math.cos(rotation);
    this.#sin = Math.sin(rotation);
    this.#distance = shape === 'triangle' ? triangle : signedDistance[shape];
  }

  /** Returns the signed distance of a point to the edge, as a share of the side; negative inside. */
  distance(x: number, y: number): number {
    const shrink = this.radius * (1 - rounding);
    const u = (this.#cos * (x - this.#x) + this.#sin * (y - this.#y)) / shrink;
    const v = (this.#cos * (y - this.#y) - this.#sin * (x - this.#x)) / shrink;
    return shrink * this.#distance(u, v) - rounding * this.radius;
  }

  /** Returns a point's offset from the center, in radii. */
  offset(x: number, y: number): readonly [right: number, down: number] {
    return [(x - this.#x) / this.radius, (y - this.#y) / this.radius];
  }
}

/** The triangle of {@link signedDistance} with round distances beyond its corners too. */
function triangle(x: number, y: number): number {
  const half = 0.6 * Math.sqrt(3);
  const slope = Math.sqrt(3);
  let [right, up] = [Math.abs(x) - half, 0.3 - y + half / slope];
  if (right + slope * up > 0) [right, up] = [(right - slope * up) / 2, (-slope * right - up) / 2];
  right -= Math.max(-2 * half, Math.min(0, right));
  return -Math.hypot(right, up) * Math.sign(up);
}
