import type { Color } from './degradation.ts';
import { noJitter, blur, coverage, pictureSize } from './renderer.ts';
import { attributes, type Scene } from './scene.ts';

const pixels = pictureSize * pictureSize;

export type Geometry = Pick<Scene, 'shape' | 'size' | 'position'>;

/** All 40 places, sizes and shapes of the object. */
export const geometries: readonly Geometry[] = attributes.shape.flatMap((shape) =>
  attributes.size.flatMap((size) => attributes.position.map((position) => ({ shape, size, position }))),
);

/** Sums over a picture's pixels, per channel: of x and of its square. */
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

/** What is left of a picture around its own mean colour: the sum of squares over pixels and channels. */
export function variation({ sum, squares }: PictureSums): number {
  return [0, 1, 2].reduce((total, c) => total + squares[c]! - (sum[c]! * sum[c]!) / pixels, 0);
}

/** The two colours that bring a template nearest to a picture, and the squared distance that is left. */
export interface Fit {
  readonly foreground: Color;
  readonly background: Color;
  readonly distance: number;
}

/**
 * A mask m in [0, 1] that blends two colours: the picture b + m (f - b). Because that is linear in the colours, the
 * best two and any squared distance need only the sums of x, x^2 and m x.
 */
export class Template {
  readonly #at: Uint16Array;
  readonly #mask: Float32Array;
  readonly #sum: number;
  readonly #squares: number;

  constructor(geometry: Geometry, blurSigma: number, dx = 0, dy = 0) {
    const mask = blur(coverage(geometry, { ...noJitter, dx, dy }), blurSigma);
    this.#at = Uint16Array.from([...mask.keys()].filter((pixel) => mask[pixel]! > 1e-4));
    this.#mask = Float32Array.from(this.#at, (pixel) => mask[pixel]!);
    this.#sum = this.#mask.reduce((total, value) => total + value, 0);
    this.#squares = this.#mask.reduce((total, value) => total + value * value, 0);
  }

  /** Least squares for f and b, channel by channel. */
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

  /** What the squared distance of `fit` becomes when its colours are replaced by others. */
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

  /** The sums of m x, per channel. */
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

/** Shifts, as shares of the side, over which a picture is aligned with a template. */
export const shifts: readonly (readonly [dx: number, dy: number])[] = [0, -0.018, 0.018].flatMap((dx) =>
  [0, -0.018, 0.018].map((dy) => [dx, dy] as const),
);

const templates = new Map<number, Template>();

/** The template of (index of a geometry, blur in pixels, index of a shift), made at its first use. */
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
