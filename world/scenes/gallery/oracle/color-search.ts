import { degradeColor, type Color } from '../../common/degradation.ts';
import { searchLevels, type Levels } from '../../common/level-search.ts';
import { attributes, styleNames, type Background, type ObjectColor, type StyleName } from '../gallery-scene.ts';
import { backgroundColors, objectColors } from '../palette.ts';
import { black } from '../styles/style.ts';
import { styles } from '../styles/styles.ts';
import type { Template } from './gallery-template.ts';

/** Colors of a picture, with one dullness and one darkness for all. */
export interface Colors extends Levels {
  readonly background: Background;
  /** The colors of the objects, by their indices in the layout. */
  readonly objects: readonly ObjectColor[];
}

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

/** Returns the squared length of the template in each dullness, background and coloring, in this order. */
function normsOf(template: Template): Float64Array {
  let found = norms.get(template);
  if (!found) {
    const lengths = palettes[template.style].flatMap(({ grounds, paints, rest }) =>
      grounds.flatMap((ground) =>
        Array.from({ length: colorings(template) }, (_, index) =>
          squareOf(template, [ground, ...coloring(index, template.colors).flatMap((at) => paints[at]!), rest]),
        ),
      ),
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

const { length: known } = attributes.color;
const { length: grounds } = attributes.background;

/** Number of ways to color the objects. */
const colorings = ({ colors }: Template): number => known ** colors;

/** Returns the indices of the colors in one way to color the objects. */
function coloring(index: number, colors: number): number[] {
  return Array.from({ length: colors }, (_, at) => Math.floor(index / known ** (colors - 1 - at)) % known);
}

/** Finds the nearest colors among all, some levels of dullness and any darkness, with their squared distance. */
export function nearestColors(view: View): Colors & { distance: number } {
  const length = measure(view);
  let at = 0;
  for (let next = 1; next < length; next++) if (distances[next]! < distances[at]!) at = next;
  return { ...colorsAt(at, view.template), distance: Math.max(0, distances[at]!) };
}

/** Finds the nearest colors at any dullness and darkness, of the `count` choices that are nearest at some levels. */
export function refinedColors(view: View, count: number): Colors {
  const choices = measure(view) / dullnesses.length;
  const ofChoice = (choice: number): number[] => dullnesses.map((_, level) => level * choices + choice);
  const best = Array.from({ length: choices }, (_, choice) =>
    ofChoice(choice).reduce((a, b) => (distances[b]! < distances[a]! ? b : a)),
  );
  best.sort((a, b) => distances[a]! - distances[b]!);
  const starts = best.slice(0, count).map((at) => colorsAt(at, view.template));
  const { cost: _, ...colors } = starts.map((start) => refine(view, start)).reduce((a, b) => (b.cost < a.cost ? b : a));
  return colors;
}

/** Most colors that a layout's objects have. */
const mostColors = 2;
/** Results of {@link measure} for each dullness, background and coloring, in this order. */
const distances = new Float64Array(dullnesses.length * grounds * known ** mostColors);
const brightnesses = new Float64Array(distances.length);
const ofObjects = new Float64Array(known ** mostColors);

/** Measures the squared distances to all colorings in all levels of dullness, each at the best darkness; returns how many. */
function measure(view: View): number {
  const { template, products, squares } = view;
  const lengths = normsOf(template);
  let next = 0;
  for (const palette of palettes[template.style]) {
    measureObjects(view, palette);
    for (const ground of palette.grounds) {
      const ofGround = dot(products, 0, ground);
      for (let i = 0; i < colorings(template); i++) {
        const product = ofGround + ofObjects[i]!;
        const length = lengths[next]!;
        const bright = Math.min(brightest, Math.max(darkest, product / length));
        distances[next] = squares - bright * (2 * product - bright * length);
        brightnesses[next] = bright;
        next++;
      }
    }
  }
  return next;
}

/** Measures the product of everything but the ground in each coloring: what the masks leave, then color by color. */
function measureObjects({ template, products }: View, { paints, rest }: Palette): void {
  ofObjects[0] = dot(products, template.count - 1, rest);
  let mask = 1;
  for (let at = 0; at < template.colors; at++) {
    for (let before = known ** at - 1; before >= 0; before--) {
      const product = ofObjects[before]!;
      for (let i = known - 1; i >= 0; i--) {
        let sum = product;
        paints[i]!.forEach((color, k) => (sum += dot(products, mask + k, color)));
        ofObjects[before * known + i] = sum;
      }
    }
    mask += paints[0]!.length;
  }
}

function colorsAt(index: number, template: Template): Colors {
  const choices = grounds * colorings(template);
  return {
    objects: coloring(index % colorings(template), template.colors).map((at) => attributes.color[at]!),
    background: attributes.background[Math.floor((index % choices) / colorings(template))]!,
    dullness: dullnesses[Math.floor(index / choices)]!,
    darkness: Math.max(0, 1 - brightnesses[index]!),
  };
}

/** Returns the degraded colors of all masks, the rest's last. */
export function shades(style: StyleName, { objects, background, ...levels }: Colors): Color[] {
  const { ground, paints } = styles[style];
  const own = objects.flatMap((color) => paints(objectColors[color]));
  return [ground(backgroundColors[background]), ...own, black].map((color) => degradeColor(color, levels));
}

/** Refines the dullness and darkness of a picture's colors. */
function refine(view: View, { objects, background, dullness, darkness }: Colors): Colors & { cost: number } {
  const costAt = (levels: Levels): number =>
    costOf(view, shades(view.template.style, { objects, background, ...levels }));
  const levels = searchLevels({ dullness, darkness }, costAt);
  return { objects, background, ...levels, cost: costAt(levels) };
}

/**
 * Returns the least squared distance when the ground's and each object's color may shift, each at the same cost whatever
 * its size: a shift of a color is no noise of pixels.
 */
function costOf({ template, products, squares }: View, colors: readonly Color[]): number {
  const { gram, masks, count, shares, colorInverse } = template;
  let cost = squares;
  for (let c = 0; c < 3; c++) {
    const slopes = shares.map(() => 0);
    for (let j = 0; j < count; j++) {
      let painted = 0;
      for (let k = 0; k < count; k++) painted += gram[j * masks.length + k]! * colors[k]![c]!;
      const product = products[3 * j + c]!;
      cost += colors[j]![c]! * (painted - 2 * product);
      for (let s = 0; s < slopes.length; s++) slopes[s]! += shares[s]![j]! * (product - painted);
    }
    for (let s = 0; s < slopes.length; s++)
      for (let t = 0; t < slopes.length; t++) cost -= slopes[s]! * colorInverse[s]![t]! * slopes[t]!;
  }
  return cost;
}
