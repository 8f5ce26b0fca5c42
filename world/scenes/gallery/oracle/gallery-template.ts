import { blur } from '../../common/blur.ts';
import { bareGround, joinedMasks, masksOf } from '../gallery-renderer.ts';
import type { StyleName } from '../gallery-scene.ts';
import { PlacedObject, pictureSize, type Placement } from '../placed-object.ts';
import { black, white } from '../styles/style.ts';
import { styles } from '../styles/styles.ts';
import { inverse } from './linear-system.ts';
import { colorsOf, type Layout } from './object-layout.ts';
import type { Planes } from './planes.ts';

/** Number of ways in which an object's place may differ a little: right, down, scale, rotation. */
export const differences = 4;

/** How much a shift of a color costs, as so many pixels that are off by it. */
const shiftCost = 100;

/** A small change of an object's place: which of a template's masks are the derivatives of which of its first masks. */
type Move = readonly { readonly derivative: number; readonly of: number }[];

/**
 * The masks of a layout at some blur and resolution: the ground's, the style's others for each color, and last what they
 * leave of 1. Since a picture is a sum of masks times colors, its squared distance to any choice of colors needs only the
 * masks' products with it and with each other.
 */
export class Template {
  readonly style: StyleName;
  /** Number of colors of the objects. */
  readonly colors: number;
  /** Number of masks that sum to 1. With differences, more follow: their derivatives. */
  readonly count: number;
  readonly masks: readonly Float32Array[];
  /** Small changes of each object's place, `differences` for each. */
  readonly moves: readonly Move[];
  /** How much of each color is in each of the first masks: the ground's, then those of the objects. */
  readonly shares: readonly (readonly number[])[];
  /** Inverse of the products of the masks weighed by these shares, each color's shift at its cost: [1 + colors, 1 + colors]. */
  readonly colorInverse: readonly (readonly number[])[];
  /** The ground's mask where there is no object; empty for one object. */
  readonly bare: Float32Array;
  readonly #sparse: readonly Sparse[];
  /** Products of all the masks with each other, [masks, masks]. */
  readonly gram: Float64Array;

  constructor(layout: Layout, blurSigma: number, side: number, withDifferences = false) {
    const { style, objects, colorOf } = layout;
    const blurred = (mask: Float32Array): Float32Array => blur(mask, blurSigma, pictureSize);
    const parts = objects.map((object) => drawnMasks(style, object).map(blurred));
    const bare = objects.length > 1 ? blurred(bareGround(styles[style])) : new Float32Array();
    const whole = withRest(joinedMasks(parts, bare, colorOf));
    this.style = style;
    this.colors = colorsOf(layout);
    this.count = whole.length;
    const moved = withDifferences ? movesOf(layout, parts, bare, whole.length) : [];
    this.moves = moved.map(({ move }) => move);
    this.masks = [...whole, ...moved.flatMap(({ masks }) => masks)].map((mask) => shrink(mask, side));
    this.bare = bare.length > 0 ? shrink(bare, side) : bare;
    this.#sparse = this.masks.map(sparse);
    this.gram = products(this.masks);
    this.shares = sharesOf(style, this.colors);
    const weighed = this.shares.map((a) => this.shares.map((b) => this.#product(a, b)));
    this.colorInverse = inverse(weighed.map((row, i) => row.map((v, j) => v + (i === j ? shiftCost : 0))));
  }

  /** Returns the product of two sums of the first masks. */
  #product(a: readonly number[], b: readonly number[]): number {
    const over = (term: (k: number) => number): number => a.reduce((sum, _, k) => sum + term(k), 0);
    return over((j) => a[j]! * over((k) => b[k]! * this.gram[j * this.masks.length + k]!));
  }

  /** Returns the products of the first `masks` masks (all, unless told) with a picture of the same resolution, [masks, 3]. */
  correlate({ planes: [red, green, blue], sums }: Planes, masks = this.masks.length): Float64Array {
    const found = new Float64Array(3 * masks);
    found.set(sums);
    for (let k = 1; k < masks; k++) {
      const { at, shares } = this.#sparse[k]!;
      let r = 0;
      let g = 0;
      let b = 0;
      for (let i = 0; i < at.length; i++) {
        const pixel = at[i]!;
        const share = shares[i]!;
        r += share * red[pixel]!;
        g += share * green[pixel]!;
        b += share * blue[pixel]!;
      }
      found[3 * k] = r;
      found[3 * k + 1] = g;
      found[3 * k + 2] = b;
      if (k >= this.count) continue;
      // The first masks sum to 1, so the ground's product is what the others leave.
      found[0]! -= r;
      found[1]! -= g;
      found[2]! -= b;
    }
    return found;
  }
}

/** The pixels where a mask is not 0. */
interface Sparse {
  readonly at: Uint16Array;
  readonly shares: Float32Array;
}

function sparse(mask: Float32Array): Sparse {
  const at = new Uint16Array(mask.length);
  let count = 0;
  for (let pixel = 0; pixel < mask.length; pixel++) if (Math.abs(mask[pixel]!) > 1e-4) at[count++] = pixel;
  const pixels = at.slice(0, count);
  return { at: pixels, shares: Float32Array.from(pixels, (pixel) => mask[pixel]!) };
}

/** Adds what masks leave of 1. */
function withRest(masks: readonly Float32Array[]): Float32Array[] {
  return [...masks, masks[0]!.map((_, i) => 1 - masks.reduce((sum, mask) => sum + mask[i]!, 0))];
}

/** Returns how much of the ground's color and of each object's is in each of the masks that sum to 1. */
function sharesOf(style: StyleName, colors: number): number[][] {
  const { paints } = styles[style];
  const dark = paints(black);
  const own = paints(white).map((color, k) => color[0] - dark[k]![0]);
  const none = own.map(() => 0);
  const ofObjects = Array.from({ length: colors }, (_, color) => [
    0,
    ...Array.from({ length: colors }, (_, each) => (each === color ? own : none)).flat(),
    0,
  ]);
  return [[1, ...Array.from({ length: colors }, () => none).flat(), 0], ...ofObjects];
}

/** Returns the small changes of each object's place, and the masks' derivatives by them; `count` masks are before these. */
function movesOf(
  { objects, colorOf }: Layout,
  parts: readonly (readonly Float32Array[])[],
  bare: Float32Array,
  count: number,
): { move: Move; masks: Float32Array[] }[] {
  let next = count;
  return objects.flatMap((object, i) => {
    const [ground, ...own] = parts[i]!;
    // Among several objects, what does not move with this one is left out.
    const moving = objects.length > 1 ? ground!.map((value, at) => value - bare[at]!) : ground!;
    const targets = [0, ...own.map((_, k) => 1 + colorOf[i]! * own.length + k), count - 1];
    const found = derivatives(withRest([moving, ...own]), new PlacedObject(object));
    return Array.from({ length: differences }, (_, d) => ({
      masks: found.slice(d * targets.length, (d + 1) * targets.length),
      move: targets.map((of) => ({ derivative: next++, of })),
    }));
  });
}

/** Returns each mask's derivatives: by a shift to the right and down (in pixels), by scale, by rotation (in radians). */
function derivatives(masks: readonly Float32Array[], object: PlacedObject): Float32Array[] {
  const found = Array.from({ length: differences * masks.length }, () => new Float32Array(pictureSize ** 2));
  const reach = object.radius * pictureSize;
  for (let row = 0; row < pictureSize; row++) {
    for (let column = 0; column < pictureSize; column++) {
      const pixel = row * pictureSize + column;
      const at = inner(row) * pictureSize + inner(column);
      const offset = object.offset((column + 0.5) / pictureSize, (row + 0.5) / pictureSize);
      const x = reach * offset[0];
      const y = reach * offset[1];
      for (let k = 0; k < masks.length; k++) {
        const mask = masks[k]!;
        const right = (mask[at - 1]! - mask[at + 1]!) / 2;
        const down = (mask[at - pictureSize]! - mask[at + pictureSize]!) / 2;
        found[k]![pixel] = right;
        found[masks.length + k]![pixel] = down;
        found[2 * masks.length + k]![pixel] = x * right + y * down;
        found[3 * masks.length + k]![pixel] = x * down - y * right;
      }
    }
  }
  return found;
}

/** The nearest row or column that has neighbors on both sides. */
function inner(i: number): number {
  return Math.min(pictureSize - 2, Math.max(1, i));
}

function shrink(mask: Float32Array, side: number): Float32Array {
  const step = pictureSize / side;
  const small = new Float32Array(side * side);
  for (let row = 0; row < pictureSize; row++) {
    const line = Math.floor(row / step) * side;
    for (let column = 0; column < pictureSize; column++)
      small[line + Math.floor(column / step)]! += mask[row * pictureSize + column]! / (step * step);
  }
  return small;
}

function products(masks: readonly Float32Array[]): Float64Array {
  const found = new Float64Array(masks.length ** 2);
  for (let j = 0; j < masks.length; j++) {
    for (let k = 0; k <= j; k++) {
      const [a, b] = [masks[j]!, masks[k]!];
      let sum = 0;
      for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
      found[j * masks.length + k] = found[k * masks.length + j] = sum;
    }
  }
  return found;
}

const drawn = new Map<string, Float32Array[]>();

/** Returns the masks of an object in a style without blur, drawn on first use. */
function drawnMasks(style: StyleName, object: Placement): Float32Array[] {
  const key = `${style} ${object.shape} ${object.radius} ${object.x} ${object.y}`;
  const found = drawn.get(key) ?? masksOf(styles[style], object);
  drawn.set(key, found);
  return found;
}

/** Templates by layout, made on first use. */
export class TemplateTable {
  readonly #found: (Template | undefined)[];
  readonly #make: (layout: number) => Template;

  constructor(layouts: readonly Layout[], blurSigma: number, side: number, withDifferences = false) {
    this.#found = layouts.map(() => undefined);
    this.#make = (layout) => new Template(layouts[layout]!, blurSigma, side, withDifferences);
  }

  /** @param layout its index */
  at(layout: number): Template {
    return (this.#found[layout] ??= this.#make(layout));
  }
}
