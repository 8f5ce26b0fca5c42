import { qualityOf, type Degradation } from '../../common/degradation.ts';
import { leastValidity } from '../../common/judgement.ts';
import type { StyleName } from '../gallery-scene.ts';
import { pictureLength, pictureSize } from '../placed-object.ts';
import type { Colors } from './color-search.ts';
import type { Layout } from './object-layout.ts';
import { LayoutSearch } from './layout-search.ts';
import { variation } from './planes.ts';
import { validityOfSeveral } from './several-objects.ts';
import { residueOf, unexplained } from './unexplained.ts';

/** Strength of what no render explains, as a share of the render's, at which a picture is no longer valid. */
const mostUnexplained = 0.31;

/** What an oracle reads of a picture whatever it shows. */
export interface PictureReading {
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

/** Index of a layout, and its colors. */
export interface Found {
  readonly layout: number;
  readonly colors: Colors;
}

/** Makes a function that reads a picture ([64, 64, 3] in [0, 1]) by the nearest render in one of some layouts. */
export function pictureReader(layouts: readonly Layout[]): (picture: Float32Array) => PictureReading & Found {
  const search = new LayoutSearch(layouts);
  return (picture) => {
    if (picture.length !== pictureLength)
      throw new RangeError(`picture: ${picture.length} numbers, expected ${pictureLength}`);
    const { layout, colors, blur, distance, planes, template, paints } = search.nearestRender(picture);
    const noise = Math.sqrt(distance / (3 * planes.side ** 2));
    const total = variation(planes);
    const explained = total > 1e-6 * 3 * planes.side ** 2 ? 1 - distance / total : 0;
    const residue = residueOf(template, planes, paints);
    const found = layouts[layout]!;
    const rest =
      found.objects.length > 1
        ? validityOfSeveral({ layout: found, template, colors, paints, planes }, residue)
        : 1 - (1 - leastValidity) * (unexplained(residue) / mostUnexplained);
    const validity = Math.max(0, Math.min(explained, rest));
    const degradation = { blur, dullness: colors.dullness, darkness: colors.darkness, noise };
    const quality = qualityOf(degradation, pictureSize) * Math.min(1, validity / leastValidity);
    return { layout, colors, style: template.style, distance: noise, validity, degradation, quality };
  };
}
