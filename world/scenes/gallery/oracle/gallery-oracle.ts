import { qualityOf, type Degradation } from '../../common/degradation.ts';
import { judge, leastValidity, type Judgement } from '../../common/judgement.ts';
import { gallery, type GalleryScene, type StyleName } from '../gallery-scene.ts';
import { pictureLength, pictureSize } from '../placed-object.ts';
import { nearestRender } from './layout-search.ts';
import { variation } from './planes.ts';
import { unexplained } from './unexplained.ts';

/** Strength of what no render explains, as a share of the render's, at which a picture is no longer valid. */
const mostUnexplained = 0.31;

/** The oracle's reading of a picture. */
export interface GalleryReading {
  readonly scene: GalleryScene;
  readonly style: StyleName;
  /** Root mean square distance to the nearest render. */
  readonly distance: number;
  /** In [0, 1]; at least .5 when the picture shows the scene and nothing else. 0 for a blank picture. */
  readonly validity: number;
  /** Estimated degradation of the picture; whatever no render explains counts as noise. */
  readonly degradation: Degradation;
  /** How clean and vivid the picture is, in [0, 1]. */
  readonly quality: number;
}

/**
 * Reads a picture ([64, 64, 3] in [0, 1]) by the nearest of the 4,800 renders (1,200 scenes in four styles) under any blur,
 * dullness and darkness. Nothing in it is learned, so a model can only please it with the right picture.
 */
export function readGallery(picture: Float32Array): GalleryReading {
  if (picture.length !== pictureLength)
    throw new RangeError(`picture: ${picture.length} numbers, expected ${pictureLength}`);
  const { layout, colors, blur, distance, planes, template, paints } = nearestRender(picture);
  const { style, ...geometry } = layout;
  const noise = Math.sqrt(distance / (3 * planes.side ** 2));
  const total = variation(planes);
  const explained = total > 1e-6 * 3 * planes.side ** 2 ? 1 - distance / total : 0;
  const rest = 1 - (1 - leastValidity) * (unexplained(template, planes, paints) / mostUnexplained);
  const validity = Math.max(0, Math.min(explained, rest));
  const degradation = { blur, dullness: colors.dullness, darkness: colors.darkness, noise };
  return {
    scene: { ...geometry, color: colors.color, background: colors.background },
    style,
    distance: noise,
    validity,
    degradation,
    quality: qualityOf(degradation, pictureSize) * Math.min(1, validity / leastValidity),
  };
}

/** Judges a picture by the requested attributes (all five, or those that a prompt names); its style is in the reading. */
export function judgeGallery(
  picture: Float32Array,
  asked: Partial<GalleryScene>,
): GalleryReading & Judgement<GalleryScene> {
  const reading = readGallery(picture);
  return { ...reading, ...judge(reading, asked, gallery.names) };
}
