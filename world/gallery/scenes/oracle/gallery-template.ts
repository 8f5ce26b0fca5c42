import { blur } from '../../../scenes/common/blur.ts';
import { attributes, styleNames, type StyleName } from '../gallery-scene.ts';
import { masksOf } from '../gallery-renderer.ts';
import { PlacedObject, pictureSize, type Geometry } from '../placed-object.ts';
import { black, white } from '../styles/style.ts';
import { styles } from '../styles/styles.ts';
import type { Planes } from './planes.ts';

/** A picture's style and where its object is, without colours. */
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
 * a picture is a sum of masks times colours, its squared distance to any choice of colours needs only the masks' products
 * with it and with each other.
 */
export class Template {
  readonly style: StyleName;
  /** Number of masks that sum to 1. With differences, as many again for each: the masks' derivatives by it. */
  readonly count: number;
  readonly masks: readonly Float32Array[];
  /** How much of the object's colour is in each of the first masks. */
  readonly shares: readonly number[];
  /** Products of the ground's mask and of the object's, weighed by its share of the colour: own, mutual, own. */
  readonly colorGram: readonly [ground: number, both: number, object: number];
  readonly #sparse: readonly Sparse[];
  /** Products of all the masks with each other, [masks, masks]. */
  readonly gram: Float64Array;

  constructor({ style, ...geometry }: Layout, blurSigma: number, side: number, withDifferences = false) {
    const drawn = masksOf(styles[style], geometry).map((mask) => blur(mask, blurSigma, pictureSize));
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
  const at = Uint16Array.from([...mask.keys()].filter((pixel) => Math.abs(mask[pixel]!) > 1e-4));
  return { at, shares: Float32Array.from(at, (pixel) => mask[pixel]!) };
}

/** Returns each mask's derivatives: by a shift to the right and down (in pixels), by scale, by rotation (in radians). */
function derivatives(masks: readonly Float32Array[], object: PlacedObject): Float32Array[] {
  const found = Array.from({ length: differences * masks.length }, () => new Float32Array(pictureSize ** 2));
  const inner = (i: number): number => Math.min(pictureSize - 2, Math.max(1, i));
  masks.forEach((mask, k) => {
    for (let row = 0; row < pictureSize; row++) {
      for (let column = 0; column < pictureSize; column++) {
        const at = inner(row) * pictureSize + inner(column);
        const right = (mask[at - 1]! - mask[at + 1]!) / 2;
        const down = (mask[at - pictureSize]! - mask[at + pictureSize]!) / 2;
        const [u, v] = object.offset((column + 0.5) / pictureSize, (row + 0.5) / pictureSize);
        const [x, y] = [u * object.radius * pictureSize, v * object.radius * pictureSize];
        const values = [right, down, x * right + y * down, x * down - y * right];
        values.forEach((value, d) => (found[d * masks.length + k]![row * pictureSize + column] = value));
      }
    }
  });
  return found;
}

function shrink(mask: Float32Array, side: number): Float32Array {
  const step = pictureSize / side;
  const small = new Float32Array(side * side);
  mask.forEach((value, i) => {
    const [row, column] = [Math.floor(i / pictureSize / step), Math.floor((i % pictureSize) / step)];
    small[row * side + column]! += value / (step * step);
  });
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

/** Templates by layout, made on first use. */
export class TemplateTable {
  readonly #found: (Template | undefined)[] = layouts.map(() => undefined);
  readonly #make: (layout: Layout) => Template;

  constructor(blurSigma: number, side: number, withDifferences = false) {
    this.#make = (layout) => new Template(layout, blurSigma, side, withDifferences);
  }

  at(layout: number): Template {
    return (this.#found[layout] ??= this.#make(layouts[layout]!));
  }
}
