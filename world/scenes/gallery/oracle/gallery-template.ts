import { blur } from '../../common/blur.ts';
import { attributes, styleNames, type StyleName } from '../gallery-scene.ts';
import { masksOf } from '../gallery-renderer.ts';
import { PlacedObject, pictureSize, type Geometry } from '../placed-object.ts';
import { black, white } from '../styles/style.ts';
import { styles } from '../styles/styles.ts';
import type { Planes } from './planes.ts';

/** A picture's style and where its object is, without colors. */
export interface Layout extends Geometry {
  readonly style: StyleName;
}

/** All 160 layouts. */
export const layouts: readonly Layout[] = styleNames.flatMap((style) =>
  attributes.shape.flatMap((shape) =>
    attributes.size.flatMap((size) => attributes.position.map((position) => ({ style, shape, size, position }))),
  ),
);

/** Number of ways in which an object's place may differ a little: right, down, scale, rotation. */
export const differences = 4;

/**
 * The masks of a layout at some blur and resolution: the ground's, the style's others, and last what they leave of 1. Since
 * a picture is a sum of masks times colors, its squared distance to any choice of colors needs only the masks' products
 * with it and with each other.
 */
export class Template {
  readonly style: StyleName;
  /** Number of masks that sum to 1. With differences, as many again for each: the masks' derivatives by it. */
  readonly count: number;
  readonly masks: readonly Float32Array[];
  /** How much of the object's color is in each of the first masks. */
  readonly shares: readonly number[];
  /** Products of the ground's mask and of the object's, weighed by its share of the color: own, mutual, own. */
  readonly colorGram: readonly [ground: number, both: number, object: number];
  readonly #sparse: readonly Sparse[];
  /** Products of all the masks with each other, [masks, masks]. */
  readonly gram: Float64Array;

  constructor(layout: number, blurSigma: number, side: number, withDifferences = false) {
    const { style, ...geometry } = layouts[layout]!;
    const drawn = drawnMasks(layout).map((mask) => blur(mask, blurSigma, pictureSize));
    const rest = drawn[0]!.map((_, i) => 1 - drawn.reduce((sum, mask) => sum + mask[i]!, 0));
    const whole = [...drawn, rest];
    const placed = new PlacedObject(geometry);
    const derived = withDifferences ? derivatives(whole, placed) : [];
    this.style = style;
    this.count = whole.length;
    this.masks = [...whole, ...derived].map((mask) => shrink(mask, side));
    this.#sparse = this.masks.map(sparse);
    this.gram = products(this.masks);
    const { paints } = styles[style];
    const dark = paints(black);
    this.shares = [0, ...paints(white).map((color, k) => color[0] - dark[k]![0]), 0];
    const gramAt = (j: number, k: number): number => this.gram[j * this.masks.length + k]!;
    const sum = (term: (share: number, k: number) => number): number =>
      this.shares.reduce((total, share, k) => total + term(share, k), 0);
    const object = sum((a, j) => sum((b, k) => a * b * gramAt(j, k)));
    this.colorGram = [gramAt(0, 0), sum((share, k) => share * gramAt(0, k)), object];
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

const drawn = new Map<number, Float32Array[]>();

/** Returns the masks of a layout without blur, drawn on first use. */
function drawnMasks(layout: number): Float32Array[] {
  const { style, ...geometry } = layouts[layout]!;
  const found = drawn.get(layout) ?? masksOf(styles[style], geometry);
  drawn.set(layout, found);
  return found;
}

/** Templates by layout, made on first use. */
export class TemplateTable {
  readonly #found: (Template | undefined)[] = layouts.map(() => undefined);
  readonly #make: (layout: number) => Template;

  constructor(blurSigma: number, side: number, withDifferences = false) {
    this.#make = (layout) => new Template(layout, blurSigma, side, withDifferences);
  }

  /** @param layout its index */
  at(layout: number): Template {
    return (this.#found[layout] ??= this.#make(layout));
  }
}
