import { blur } from '../common/blur.ts';
import type { Color } from '../common/degradation.ts';
import { coverage, pictureSize } from './renderer.ts';
import { attributes, type Scene } from './scene.ts';
import { noJitter } from '../common/jitter.ts';

const pixels = pictureSize * pictureSize;

export type Geometry = Pick<Scene, 'shape' | 'size' | 'position'>;

/** All 40 combinations of the object's shape, size and position. */
export const geometries: readonly Geometry[] = attributes.shape.flatMap((shape) =>
  attributes.size.flatMap((size) => attributes.position.map((position) => ({ shape, size, position }))),
);

/** Sums of x and x^2 over a picture's pixels, per channel. */
export interface PictureSums {
  readonly sum: Float64Array;
  readonly squares: Float64Array;
}

export function pictureSums(picture: Float32Array): PictureSums {
  const sum = new Float64Array(3);
  const squares = new Float64Array(3);
  for (let i = 0; i < picture.length; i++) {
    const value = picture[i]!;
    const channel = i % 3;
    sum[channel]! += value;
    squares[channel]! += value * value;
  }
  return { sum, squares };
}

/** Returns a picture's variation around its mean color: the sum of squares over pixels and channels. */
export function variation({ sum, squares }: PictureSums): number {
  return [0, 1, 2].reduce((total, c) => total + squares[c]! - (sum[c]! * sum[c]!) / pixels, 0);
}

/** The two colors that fit a template best to a picture, and the remaining squared distance. */
export interface Fit {
  readonly foreground: Color;
  readonly background: Color;
  readonly distance: number;
}

/**
 * A mask m in [0, 1] that blends two colors into the picture b + m (f - b). Since that is linear in the colors, the best
 * two and any squared distance need only the sums of x, x^2 and m x.
 */
export class Template {
  readonly #at: Uint16Array;
  readonly #mask: Float32Array;
  readonly #sum: number;
  readonly #squares: number;

  constructor(geometry: Geometry, blurSigma: number, dx = 0, dy = 0) {
    const mask = blur(coverage(geometry, { ...noJitter, dx, dy }), blurSigma, pictureSize);
    this.#at = Uint16Array.from([...mask.keys()].filter((pixel) => mask[pixel]! > 1e-4));
    this.#mask = Float32Array.from(this.#at, (pixel) => mask[pixel]!);
    this.#sum = this.#mask.reduce((total, value) => total + value, 0);
    this.#squares = this.#mask.reduce((total, value) => total + value * value, 0);
  }

  /** Solves least squares for f and b, channel by channel. */
  fit(picture: Float32Array, { sum, squares }: PictureSums): Fit {
    const correlation = this.#correlate(picture);
    const maskVariation = this.#squares - (this.#sum * this.#sum) / pixels;
    const foreground: [number, number, number] = [0, 0, 0];
    const background: [number, number, number] = [0, 0, 0];
    let distance = 0;
    for (let c = 0; c < 3; c++) {
      const covariation = correlation[c]! - (this.#sum * sum[c]!) / pixels;
      const contrast = covariation / maskVariation;
      background[c] = (sum[c]! - contrast * this.#sum) / pixels;
      foreground[c] = background[c]! + contrast;
      distance += squares[c]! - (sum[c]! * sum[c]!) / pixels - covariation * contrast;
    }
    return { foreground, background, distance: Math.max(0, distance) };
  }

  /** Returns the squared distance of `fit` with its colors replaced by others. */
  distanceWith(fit: Fit, foreground: Color, background: Color): number {
    let distance = fit.distance;
    for (let c = 0; c < 3; c++) {
      // The residual of a least squares fit is orthogonal to the change b' + m (f' - b') of the picture.
      const shift = background[c]! - fit.background[c]!;
      const contrast = foreground[c]! - fit.foreground[c]! - shift;
      distance += pixels * shift * shift + 2 * shift * contrast * this.#sum + contrast * contrast * this.#squares;
    }
    return distance;
  }

  /** Returns the sums of m x, per channel. */
  #correlate(picture: Float32Array): Color {
    let red = 0;
    let green = 0;
    let blue = 0;
    for (let i = 0; i < this.#at.length; i++) {
      const from = 3 * this.#at[i]!;
      const share = this.#mask[i]!;
      red += share * picture[from]!;
      green += share * picture[from + 1]!;
      blue += share * picture[from + 2]!;
    }
    return [red, green, blue];
  }
}

/** Shifts, as shares of the side, tried in aligning a picture with a template. */
export const shifts: readonly (readonly [dx: number, dy: number])[] = [0, -0.018, 0.018].flatMap((dx) =>
  [0, -0.018, 0.018].map((dy) => [dx, dy] as const),
);

const templates = new Map<number, Template>();

/** Returns the template for (geometry index, blur in pixels, shift index), made on first use. */
export function template(geometry: number, blurSigma: number, shift = 0): Template {
  const key = (Math.round(blurSigma * 100) * shifts.length + shift) * geometries.length + geometry;
  let found = templates.get(key);
  if (!found) {
    const [dx, dy] = shifts[shift]!;
    found = new Template(geometries[geometry]!, blurSigma, dx, dy);
    templates.set(key, found);
  }
  return found;
}
