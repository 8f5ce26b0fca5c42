import { qualityOf, type Degradation } from '../../../scenes/common/degradation.ts';
import { lowest } from '../../../scenes/common/search.ts';
import type { GalleryScene, StyleName } from '../gallery-scene.ts';
import { pictureSize } from '../placed-object.ts';
import { nearestColors, refinedColors, shades, type Colors, type View } from './color-search.ts';
import { TemplateTable, layouts, type Template } from './gallery-template.ts';
import { fitJitter, type JitterFit, type Paints } from './jitter-fit.ts';
import { planesOf, variation, type Planes } from './planes.ts';

/** Sides of the picture in the first search over all layouts, and in the following ones. */
const coarseSide = 16;
const fineSide = 32;
/** Blurs of the templates, in pixels. */
const coarse = new TemplateTable(1.2, coarseSide);
const blurs = [0, 0.75, 1.5, 2.25, 3];
const fine = blurs.map((sigma) => new TemplateTable(sigma, fineSide, true));
const alignment = new TemplateTable(1, fineSide);
/** Number of layouts that are aligned, and of those whose blur is sought. */
const aligned = 8;
const sharpened = 3;
/** Number of pairs of colours that are fitted. */
const colorFinalists = 5;

export interface Reading {
  readonly scene: GalleryScene;
  readonly style: StyleName;
  readonly distance: number;
  readonly validity: number;
  readonly blob: number;
  readonly degradation: Degradation;
  readonly quality: number;
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

/** Finds the colours of the one layout, and its blur: from level to level downhill. */
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

export function readGallery(picture: Float32Array): Reading {
  const small = planesOf(picture, coarseSide);
  const first = layouts.map((_, layout) => match(coarse, layout, small));
  const shifted = new Map<number, Planes>();
  const lookAt = (right: number, down: number): Planes => {
    const key = 3 * right + down;
    const found = shifted.get(key) ?? planesOf(picture, fineSide, right, down);
    shifted.set(key, found);
    return found;
  };
  const at = (layout: number, right: number, down: number): Aligned & { right: number } => {
    const planes = lookAt(right, down);
    return { ...match(alignment, layout, planes), planes, right };
  };
  const places = best(first, aligned).map(({ layout }): Aligned => {
    const across = nearest([-1, 0, 1].map((right) => at(layout, right, 0)));
    return nearest([across, at(layout, across.right, -1), at(layout, across.right, 1)]);
  });
  const place = nearest(best(places, sharpened).map(sharpen));
  const end = finish(place);
  const total = variation(place.planes);
  const validity = total > 1e-6 * place.planes.squares ? Math.max(0, 1 - end.distance / total) : 0;
  const noise = Math.sqrt(end.distance / (3 * fineSide ** 2));
  const degradation = { blur: end.blur, dullness: end.colors.dullness, darkness: end.colors.darkness, noise };
  const { style, ...geometry } = layouts[place.layout]!;
  return {
    scene: { ...geometry, color: end.colors.color, background: end.colors.background },
    style,
    distance: noise,
    validity,
    blob: largestBlob(end.template, place.planes, end.paints),
    degradation,
    quality: qualityOf(degradation, pictureSize),
  };
}

function largestBlob(template: Template, { planes }: Planes, paints: Paints): number {
  const res = planes.map((plane, c) => {
    const r = new Float32Array(256);
    for (let i = 0; i < 1024; i++) {
      let value = plane[i]!;
      for (let k = 0; k < template.masks.length; k++) value -= template.masks[k]![i]! * paints[3 * k + c]!;
      r[Math.floor(i / 64) * 16 + Math.floor((i % 32) / 2)]! += value / 4;
    }
    return r;
  });
  let blob = 0;
  for (let y = 0; y < 14; y++)
    for (let x = 0; x < 14; x++) {
      let s = 0;
      for (let c = 0; c < 3; c++) {
        let m = 0;
        for (let j = 0; j < 3; j++) for (let k = 0; k < 3; k++) m += res[c]![(y + j) * 16 + x + k]! / 9;
        s += m * m;
      }
      blob = Math.max(blob, Math.sqrt(s));
    }
  return blob;
}
