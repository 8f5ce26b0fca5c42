import { degradeColor, type Color } from '../../common/degradation.ts';
import { searchLevels, type Levels } from '../../common/level-search.ts';
import { attributes, styleNames, type GalleryScene, type StyleName } from '../gallery-scene.ts';
import { backgroundColors, objectColors } from '../palette.ts';
import { black } from '../styles/style.ts';
import { styles } from '../styles/styles.ts';
import type { Template } from './gallery-template.ts';

/** Colors of a picture, with one dullness and one darkness for all. */
export type Colors = Pick<GalleryScene, 'color' | 'background'> & Levels;

/** A picture seen through a template: the masks' products with it, and the sum of its squares. */
export interface View {
  readonly template: Template;
  readonly products: Float64Array;
  readonly squares: number;
}

/** Dullness levels at which a search starts. */
const dullnesses = [0, 0.35, 0.7];
/** Bounds of the brightness that is left; a little more than 1 is a picture's jitter. */
const darkest = 0.5;
const brightest = 1.02;

/** A style's colors at one dullness, without darkness. */
interface Palette {
  readonly grounds: readonly Color[];
  readonly paints: readonly (readonly Color[])[];
  readonly rest: Color;
}

const palettes = Object.fromEntries(
  styleNames.map((name) => [
    name,
    dullnesses.map((dullness): Palette => {
      const dulled = (color: Color): Color => degradeColor(color, { dullness, darkness: 0 });
      return {
        grounds: attributes.background.map((value) => dulled(styles[name].ground(backgroundColors[value]))),
        paints: attributes.color.map((value) => styles[name].paints(objectColors[value]).map(dulled)),
        rest: dulled(black),
      };
    }),
  ]),
) as unknown as Record<StyleName, readonly Palette[]>;

const norms = new WeakMap<Template, Float64Array>();

/** Returns the squared length of the template in each dullness, background and color, in this order. */
function normsOf(template: Template): Float64Array {
  let found = norms.get(template);
  if (!found) {
    const lengths = palettes[template.style].flatMap(({ grounds, paints, rest }) =>
      grounds.flatMap((ground) => paints.map((paint) => squareOf(template, [ground, ...paint, rest]))),
    );
    found = Float64Array.from(lengths);
    norms.set(template, found);
  }
  return found;
}

function squareOf({ gram, masks }: Template, colors: readonly Color[]): number {
  let square = 0;
  colors.forEach((a, j) =>
    colors.forEach((b, k) => {
      square += gram[j * masks.length + k]! * (a[0] * b[0] + a[1] * b[1] + a[2] * b[2]);
    }),
  );
  return square;
}

function dot(products: Float64Array, mask: number, color: Color): number {
  return products[3 * mask]! * color[0] + products[3 * mask + 1]! * color[1] + products[3 * mask + 2]! * color[2];
}

/** Finds the nearest colors among all pairs, some levels of dullness and any darkness, with their squared distance. */
export function nearestColors(view: View): Colors & { distance: number } {
  measure(view);
  let at = 0;
  for (let next = 1; next < distances.length; next++) if (distances[next]! < distances[at]!) at = next;
  return { ...colorsAt(at), distance: Math.max(0, distances[at]!) };
}

/** Finds the nearest colors at any dullness and darkness, of the `count` pairs that are nearest at some levels. */
export function refinedColors(view: View, count: number): Colors {
  measure(view);
  const ofPair = (pair: number): number[] => dullnesses.map((_, level) => level * pairs + pair);
  const best = Array.from({ length: pairs }, (_, pair) =>
    ofPair(pair).reduce((a, b) => (distances[b]! < distances[a]! ? b : a)),
  );
  best.sort((a, b) => distances[a]! - distances[b]!);
  const starts = best.slice(0, count).map(colorsAt);
  const { cost: _, ...colors } = starts.map((start) => refine(view, start)).reduce((a, b) => (b.cost < a.cost ? b : a));
  return colors;
}

/** Number of pairs of colors. */
const pairs = attributes.background.length * attributes.color.length;
/** Results of {@link measure} for each dullness, background and color, in this order. */
const distances = new Float64Array(dullnesses.length * pairs);
const brightnesses = new Float64Array(distances.length);
const ofObjects = new Float64Array(attributes.color.length);

/** Measures the squared distances to all pairs of colors in all levels of dullness, each at the best darkness. */
function measure({ template, products, squares }: View): void {
  const lengths = normsOf(template);
  let next = 0;
  for (const { grounds, paints, rest } of palettes[template.style]) {
    for (let i = 0; i < paints.length; i++) {
      const paint = paints[i]!;
      let product = dot(products, template.count - 1, rest);
      for (let k = 0; k < paint.length; k++) product += dot(products, k + 1, paint[k]!);
      ofObjects[i] = product;
    }
    for (let g = 0; g < grounds.length; g++) {
      const ofGround = dot(products, 0, grounds[g]!);
      for (let i = 0; i < paints.length; i++) {
        const product = ofGround + ofObjects[i]!;
        const length = lengths[next]!;
        const bright = Math.min(brightest, Math.max(darkest, product / length));
        distances[next] = squares - bright * (2 * product - bright * length);
        brightnesses[next] = bright;
        next++;
      }
    }
  }
}

function colorsAt(index: number): Colors {
  return {
    color: attributes.color[index % attributes.color.length]!,
    background: attributes.background[Math.floor((index % pairs) / attributes.color.length)]!,
    dullness: dullnesses[Math.floor(index / pairs)]!,
    darkness: Math.max(0, 1 - brightnesses[index]!),
  };
}

/** Returns the degraded colors of all masks, the rest's last. */
export function shades(style: StyleName, { color, background, ...levels }: Colors): Color[] {
  const { ground, paints } = styles[style];
  return [ground(backgroundColors[background]), ...paints(objectColors[color]), black].map((paint) =>
    degradeColor(paint, levels),
  );
}

/** Refines the dullness and darkness of a picture's colors. */
function refine(view: View, { color, background, dullness, darkness }: Colors): Colors & { cost: number } {
  const costAt = (levels: Levels): number =>
    costOf(view, shades(view.template.style, { color, background, ...levels }));
  const levels = searchLevels({ dullness, darkness }, costAt);
  return { color, background, ...levels, cost: costAt(levels) };
}

/** How much a shift of a color costs, as so many pixels that are off by it. */
const shiftCost = 100;

/**
 * Returns the least squared distance when the ground's and the object's color may shift, each at the same cost whatever its
 * size: a shift of a color is no noise of pixels.
 */
function costOf({ template, products, squares }: View, colors: readonly Color[]): number {
  const { gram, masks, count, shares } = template;
  let cost = squares;
  for (let c = 0; c < 3; c++) {
    let ofGround = 0;
    let ofObject = 0;
    for (let j = 0; j < count; j++) {
      let painted = 0;
      for (let k = 0; k < count; k++) painted += gram[j * masks.length + k]! * colors[k]![c]!;
      const product = products[3 * j + c]!;
      cost += colors[j]![c]! * (painted - 2 * product);
      if (j === 0) ofGround = product - painted;
      else ofObject += shares[j]! * (product - painted);
    }
    const [ground, both, object] = template.colorGram;
    const [a, d] = [ground + shiftCost, object + shiftCost];
    cost -= (d * ofGround ** 2 - 2 * both * ofGround * ofObject + a * ofObject ** 2) / (a * d - both * both);
  }
  return cost;
}
