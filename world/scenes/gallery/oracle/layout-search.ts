import { lowest } from '../../common/level-search.ts';
import { nearestColors, refinedColors, shades, type Colors, type View } from './color-search.ts';
import { TemplateTable, layouts, type Layout, type Template } from './gallery-template.ts';
import { fitJitter, type JitterFit } from './jitter-fit.ts';
import { planesOf, type Planes } from './planes.ts';

/** Sides of the picture in the first search over all layouts, and in those that follow. */
const coarseSide = 16;
const fineSide = 32;
/** Blurs of the templates, in pixels. */
const blurs = [0, 0.75, 1.5, 2.25, 3];
const coarse = new TemplateTable(1.2, coarseSide);
const alignment = new TemplateTable(1, fineSide);
const fine = blurs.map((sigma) => new TemplateTable(sigma, fineSide, true));
/** Number of layouts that are aligned, and of those whose blur is sought. */
const aligned = 8;
const sharpened = 3;
/** Number of pairs of colors that are refined. */
const colorFinalists = 5;

/** The nearest render of a picture. */
export interface Nearest extends Fit {
  readonly layout: Layout;
  /** The picture, shifted to the render. */
  readonly planes: Planes;
  /** In pixels. */
  readonly blur: number;
}

/**
 * Finds the nearest of all renders under any blur, dullness and darkness, from coarse to fine: all layouts at a quarter of
 * the resolution; the best eight, shifted by a pixel; the best three, at every blur. The colors of the one that is left
 * are compared as colors, whatever the areas are; then its blur is where its distance is least.
 */
export function nearestRender(picture: Float32Array): Nearest {
  const small = planesOf(picture, coarseSide);
  const first = layouts.map((_, layout) => match(coarse, layout, small));
  const shifted = new Map<string, Planes>();
  const at = (layout: number, right: number, down: number): Aligned & { right: number } => {
    const key = `${right} ${down}`;
    const planes = shifted.get(key) ?? planesOf(picture, fineSide, right, down);
    shifted.set(key, planes);
    return { ...match(alignment, layout, planes), planes, right };
  };
  const places = best(first, aligned).map(({ layout }): Aligned => {
    const across = nearest([-1, 0, 1].map((right) => at(layout, right, 0)));
    return nearest([across, at(layout, across.right, -1), at(layout, across.right, 1)]);
  });
  const place = nearest(best(places, sharpened).map(sharpen));
  return { ...finish(place), planes: place.planes, layout: layouts[place.layout]! };
}

interface Match {
  readonly layout: number;
  readonly colors: Colors;
  readonly distance: number;
}

interface Aligned extends Match {
  readonly planes: Planes;
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

interface Fit extends JitterFit {
  readonly colors: Colors;
  readonly template: Template;
}

function fit(view: View, colors: Colors): Fit {
  return { colors, template: view.template, ...fitJitter(view, shades(view.template.style, colors)) };
}

interface Sharpened extends Aligned {
  /** Index of the best blur. */
  readonly level: number;
}

function sharpen({ layout, planes }: Aligned): Sharpened {
  const levels = fine.map((table) => match(table, layout, planes));
  const level = levels.indexOf(nearest(levels));
  const view = viewOf(fine[level]!, layout, planes);
  return { layout, planes, level, colors: levels[level]!.colors, distance: fit(view, levels[level]!.colors).distance };
}

/** Finds the colors of the one layout, and its blur: from level to level downhill. */
function finish({ layout, planes, level }: Sharpened): Fit & { blur: number } {
  const view = viewOf(fine[level]!, layout, planes);
  const colors = refinedColors(view, colorFinalists);
  const fits: Fit[] = [];
  fits[level] = fit(view, colors);
  const fitAt = (at: number): Fit => (fits[at] ??= fit(viewOf(fine[at]!, layout, planes), colors));
  for (let at = level; ;) {
    const around = [at - 1, at, at + 1].filter((each) => each in blurs);
    const distances = around.map((each) => fitAt(each).distance);
    const next = around[distances.indexOf(Math.min(...distances))]!;
    if (next === at)
      return {
        ...fitAt(at),
        blur: lowest(
          around.map((each) => blurs[each]!),
          distances,
        ),
      };
    at = next;
  }
}
