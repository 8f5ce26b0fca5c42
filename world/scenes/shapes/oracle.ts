import { judge, leastValidity, type Judgement as AttributeJudgement } from '../common/judgement.ts';
import { lowest, searchLevels, type Levels } from '../common/level-search.ts';
import { degradeColor, qualityOf, type Color, type Degradation } from '../common/degradation.ts';
import { backgroundColors, objectColors, pictureLength, pictureSize } from './renderer.ts';
import { attributeNames, attributes, type Scene } from './scene.ts';
import { geometries, pictureSums, shifts, template, variation, type Fit } from './template.ts';

/** Blurs of the templates, in pixels; the first search takes every other one. */
const blurs = [0, 0.35, 0.7, 1.05, 1.4, 1.75];
/** Dullness and darkness levels at which the search for a pair of colors starts. */
const dullnesses = [0, 0.3, 0.6];
const darknesses = [0, 0.2, 0.4];
/** Number of geometries, and of color pairs, refined after the first search. */
const finalists = 4;

/** The oracle's reading of a picture. */
export interface Reading {
  readonly scene: Scene;
  /** Root mean square distance to the nearest render. */
  readonly distance: number;
  /** Share of the picture's variation that the nearest render explains, in [0, 1]; 0 for a blank picture. */
  readonly validity: number;
  /** Estimated degradation of the picture; whatever no render explains counts as noise. */
  readonly degradation: Degradation;
  /** Cleanness and vividness of the picture, in [0, 1]. */
  readonly quality: number;
}

/** A reading compared with the requested attributes. */
export type Judgement = Reading & AttributeJudgement<Scene>;

interface Match {
  readonly geometry: number;
  readonly blur: number;
  readonly shift: number;
  readonly fit: Fit;
}

/**
 * Reads a picture ([32, 32, 3] in [0, 1]) by the nearest of the 1,200 renders under any blur, dullness and darkness.
 * First the geometry: the template of shape, size, position, blur and subpixel shift with the least squared error over any
 * two colors. Then the colors: the pair, dulled and darkened, nearest to those two. Nothing in it is learned, so a model
 * can only please it with the right picture.
 */
export function readScene(picture: Float32Array): Reading {
  if (picture.length !== pictureLength) {
    throw new RangeError(`picture: ${picture.length} numbers, expected ${pictureLength}`);
  }
  const sums = pictureSums(picture);
  const at = (geometry: number, blurSigma: number, shift: number): Match => ({
    geometry,
    blur: blurSigma,
    shift,
    fit: template(geometry, blurSigma, shift).fit(picture, sums),
  });
  const coarse = geometries.map((_, geometry) =>
    nearest(blurs.filter((_, i) => i % 2 === 0).map((blurSigma) => at(geometry, blurSigma, 0))),
  );
  coarse.sort((a, b) => a.fit.distance - b.fit.distance);
  const aligned = coarse
    .slice(0, finalists)
    .flatMap(({ geometry }) => shifts.flatMap((_, shift) => blurs.map((blurSigma) => at(geometry, blurSigma, shift))));
  const best = nearest(aligned);
  const colors = nearestColors(best.fit);
  const around = blurs.map((blurSigma) => at(best.geometry, blurSigma, best.shift).fit.distance);
  const distance = template(best.geometry, best.blur, best.shift).distanceWith(best.fit, ...shades(colors));
  const total = variation(sums);
  const validity = total > 1e-6 * pictureLength ? Math.max(0, 1 - distance / total) : 0;
  const meanSquare = distance / pictureLength;
  const degradation = {
    blur: lowest(blurs, around),
    dullness: colors.dullness,
    darkness: colors.darkness,
    noise: Math.sqrt(meanSquare),
  };
  return {
    scene: { ...geometries[best.geometry]!, color: colors.color, background: colors.background },
    distance: Math.sqrt(meanSquare),
    validity,
    degradation,
    quality: qualityOf(degradation, pictureSize) * Math.min(1, validity / leastValidity),
  };
}

function nearest(matches: readonly Match[]): Match {
  return matches.reduce((a, b) => (b.fit.distance < a.fit.distance ? b : a));
}

type Colors = Pick<Scene, 'color' | 'background'> & Levels;

function shades(colors: Colors): [foreground: Color, background: Color] {
  return [degradeColor(objectColors[colors.color], colors), degradeColor(backgroundColors[colors.background], colors)];
}

/** Weighs object and background equally, whatever their sizes, since a shift in color is not pixel noise. */
function colorDistance(fit: Fit, colors: Colors): number {
  const [foreground, background] = shades(colors);
  let distance = 0;
  for (let c = 0; c < 3; c++) {
    distance += (foreground[c]! - fit.foreground[c]!) ** 2 + (background[c]! - fit.background[c]!) ** 2;
  }
  return distance;
}

/** Finds the color pair, dullness and darkness nearest to the fitted colors: levels first, then a pattern search. */
function nearestColors(fit: Fit): Colors {
  const starts = pairs.map((levels) => {
    const distances = levels.map((colors) => colorDistance(fit, colors));
    const distance = Math.min(...distances);
    return { colors: levels[distances.indexOf(distance)]!, distance };
  });
  const best = starts.sort((a, b) => a.distance - b.distance).slice(0, finalists);
  const ends = best.map(({ colors }) => patternSearch(fit, colors));
  return ends.reduce((a, b) => (colorDistance(fit, b) < colorDistance(fit, a) ? b : a));
}

/** Starting levels of the search for each color pair. */
const pairs: readonly (readonly Colors[])[] = attributes.color.flatMap((color) =>
  attributes.background.map((background) =>
    dullnesses.flatMap((dullness) => darknesses.map((darkness) => ({ color, background, dullness, darkness }))),
  ),
);

function patternSearch(fit: Fit, { color, background, ...start }: Colors): Colors {
  const levels = searchLevels(start, (each) => colorDistance(fit, { color, background, ...each }));
  return { color, background, ...levels };
}

/** Judges a picture by the requested attributes (all five, or those that a prompt names). */
export function oracle(picture: Float32Array, asked: Partial<Scene>): Judgement {
  const reading = readScene(picture);
  return { ...reading, ...judge(reading, asked, attributeNames) };
}
