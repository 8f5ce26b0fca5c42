import type { RandomStream } from '../../../../common/random.ts';
import { noJitter, randomJitter, shifted, type Jitter } from '../../common/jitter.ts';
import type { StyleName } from '../gallery-scene.ts';
import { bareGround, coveredBy, joinedMasks, masksOf, paint, type PaintOptions } from '../gallery-renderer.ts';
import { backgroundColors, objectColors } from '../palette.ts';
import { styles } from '../styles/styles.ts';
import { arranged, placed } from './arrangement.ts';
import type { Composition } from './composition.ts';

export interface CompositionOptions extends PaintOptions {
  /** Of each object; the first one's shift of the background counts. */
  readonly jitters?: readonly Jitter[];
}

/** Draws a jitter for each object: each has its own place, scale, rotation and shift of its color. */
export function randomJitters(scene: Composition, stream: RandomStream): Jitter[] {
  return arranged(scene).objects.map(() => randomJitter(stream));
}

/** Renders a composition in a style: Float32Array [64, 64, 3], HWC, in [0, 1]. */
export function renderComposition(
  scene: Composition,
  styleName: StyleName,
  { jitters = [], ...options }: CompositionOptions = {},
): Float32Array {
  const style = styles[styleName];
  const { arrangement, objects } = arranged(scene);
  const places = placed(
    arrangement,
    objects.map(({ shape }) => shape),
  );
  const masks = joinedMasks(
    places.map((place, i) => masksOf(style, place, jitters[i])),
    bareGround(style),
    [...places.keys()],
  );
  const background = shifted(backgroundColors[scene.background], (jitters[0] ?? noJitter).background);
  const own = objects.flatMap(({ color }, i) =>
    style.paints(shifted(objectColors[color], (jitters[i] ?? noJitter).foreground)),
  );
  return paint(masks, [style.ground(background), ...own], options);
}

/** Returns the share of each pixel that the objects cover, [64, 64]. */
export function compositionCoverage(scene: Composition): Float32Array {
  const { arrangement, objects } = arranged(scene);
  const shapes = objects.map(({ shape }) => shape);
  const covers = placed(arrangement, shapes).map(coveredBy);
  return covers[0]!.map((_, i) => covers.reduce((sum, cover) => sum + cover[i]!, 0));
}
