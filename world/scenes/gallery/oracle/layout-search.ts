import { lowest } from '../../common/level-search.ts';
import { nearestColors, refinedColors, shades, type Colors, type View } from './color-search.ts';
import { TemplateTable, type Template } from './gallery-template.ts';
import { fitJitter, type JitterFit } from './jitter-fit.ts';
import { regionsOf, type Layout } from './object-layout.ts';
import { ShiftedPlanes, planesOf, type Planes, type Shift } from './planes.ts';

/** Sides of the picture in the first search over all layouts, and in those that follow. */
const coarseSide = 16;
const fineSide = 32;
/** Blurs of the templates, in pixels. */
const blurs = [0, 0.75, 1.5, 2.25, 3];
/** Number of layouts that are aligned, and of those whose blur is sought. */
const aligned = 8;
const sharpened = 3;
/** Number of pairs of colors that are refined. */
const colorFinalists = 5;

/** The nearest render of a picture. */
export interface Nearest extends Fit {
  /** Index of its layout. */
  readonly layout: number;
  /** The picture, each object's surroundings shifted to the render. */
  readonly planes: Planes;
  /** In pixels. */
  readonly blur: number;
}

interface Match {
  readonly layout: number;
  readonly colors: Colors;
  readonly distance: number;
}

interface Aligned extends Match {
  readonly planes: Planes;
  readonly shifts: readonly Shift[];
}

interface Fit extends JitterFit {
  readonly colors: Colors;
  readonly template: Template;
}

interface Sharpened extends Aligned {
  /** Index of the best blur. */
  readonly level: number;
}

/** Finds the nearest of all renders in some layouts. Templates are made on first use. */
export class LayoutSearch {
  readonly #layouts: readonly Layout[];
  readonly #regions: readonly Uint8Array[];
  readonly #coarse: TemplateTable;
  readonly #alignment: TemplateTable;
  readonly #fine: readonly TemplateTable[];

  constructor(layouts: readonly Layout[]) {
    this.#layouts = layouts;
    this.#regions = layouts.map((layout) => regionsOf(layout, fineSide));
    this.#coarse = new TemplateTable(layouts, 1.2, coarseSide);
    this.#alignment = new TemplateTable(layouts, 1, fineSide);
    this.#fine = blurs.map((sigma) => new TemplateTable(layouts, sigma, fineSide, true));
  }

  /**
   * Finds the nearest of all renders under any blur, dullness and darkness, from coarse to fine: all layouts at a quarter of
   * the resolution; the best eight, each object shifted by a pixel; the best three, at every blur. The colors of the one
   * that is left are compared as colors, whatever the areas are; then its blur is where its distance is least.
   */
  nearestRender(picture: Float32Array): Nearest {
    const small = planesOf(picture, coarseSide);
    const first = this.#layouts.map((_, layout) => match(this.#coarse, layout, small));
    const shifted = new ShiftedPlanes(picture, fineSide);
    const places = best(first, aligned).map(({ layout }) => this.#align(layout, shifted));
    const place = nearest(best(places, sharpened).map((each) => this.#sharpen(each)));
    return { ...this.#finish(place), planes: place.planes, layout: place.layout };
  }

  /** Shifts the surroundings of each object, one after the other, by up to a pixel each way. */
  #align(layout: number, shifted: ShiftedPlanes): Aligned {
    const { objects } = this.#layouts[layout]!;
    const at = (shifts: readonly Shift[]): Aligned => {
      const planes = shifted.at(shifts, this.#regions[layout]!);
      return { ...match(this.#alignment, layout, planes), planes, shifts };
    };
    let found: Aligned | undefined;
    for (let i = 0; i < objects.length; i++) {
      const before = found?.shifts ?? objects.map((): Shift => [0, 0]);
      const moved = (right: number, down: number): Aligned =>
        at(before.map((shift, each) => (each === i ? [right, down] : shift)));
      const across = nearest([-1, 0, 1].map((right) => moved(right, 0)));
      const [right] = across.shifts[i]!;
      found = nearest([across, moved(right, -1), moved(right, 1)]);
    }
    return found!;
  }

  #sharpen({ layout, planes, shifts }: Aligned): Sharpened {
    const levels = this.#fine.map((table) => match(table, layout, planes));
    const level = levels.indexOf(nearest(levels));
    const { colors } = levels[level]!;
    const { distance } = fit(viewOf(this.#fine[level]!, layout, planes), colors);
    return { layout, planes, shifts, level, colors, distance };
  }

  /** Finds the colors of the one layout, and its blur: from level to level downhill. */
  #finish({ layout, planes, level }: Sharpened): Fit & { blur: number } {
    const view = viewOf(this.#fine[level]!, layout, planes);
    const colors = refinedColors(view, colorFinalists);
    const fits: Fit[] = [];
    fits[level] = fit(view, colors);
    const fitAt = (at: number): Fit => (fits[at] ??= fit(viewOf(this.#fine[at]!, layout, planes), colors));
    for (let at = level; ;) {
      const around = [at - 1, at, at + 1].filter((each) => each in blurs);
      const distances = around.map((each) => fitAt(each).distance);
      const next = around[distances.indexOf(Math.min(...distances))]!;
      const levels = around.map((each) => blurs[each]!);
      if (next === at) return { ...fitAt(at), blur: lowest(levels, distances) };
      at = next;
    }
  }
}

function viewOf(table: TemplateTable, layout: number, planes: Planes): View {
  const template = table.at(layout);
  return { template, products: template.correlate(planes), squares: planes.squares };
}

function match(table: TemplateTable, layout: number, planes: Planes): Match {
  const template = table.at(layout);
  const products = template.correlate(planes, template.count);
  const { distance, ...colors } = nearestColors({ template, products, squares: planes.squares });
  return { layout, colors, distance };
}

function nearest<M extends { readonly distance: number }>(matches: readonly M[]): M {
  return matches.reduce((a, b) => (b.distance < a.distance ? b : a));
}

function best<M extends { readonly distance: number }>(matches: readonly M[], count: number): M[] {
  return [...matches].sort((a, b) => a.distance - b.distance).slice(0, count);
}

function fit(view: View, colors: Colors): Fit {
  return { colors, template: view.template, ...fitJitter(view, shades(view.template.style, colors)) };
}
