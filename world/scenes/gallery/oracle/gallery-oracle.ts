import { judge, type Judgement } from '../../common/judgement.ts';
import { attributes, gallery, styleNames, type GalleryScene } from '../gallery-scene.ts';
import { placementOf } from '../placed-object.ts';
import { pictureReader, type PictureReading } from './picture-reading.ts';

/** All 160 layouts of one object. */
const layouts = styleNames.flatMap((style) =>
  attributes.shape.flatMap((shape) =>
    attributes.size.flatMap((size) => attributes.position.map((position) => ({ style, shape, size, position }))),
  ),
);
const read = pictureReader(
  layouts.map(({ style, ...geometry }) => ({ style, objects: [placementOf(geometry)], colorOf: [0] })),
);

/** The oracle's reading of a picture. */
export interface GalleryReading extends PictureReading {
  readonly scene: GalleryScene;
}

/**
 * Reads a picture ([64, 64, 3] in [0, 1]) by the nearest of the 4,800 renders (1,200 scenes in four styles) under any blur,
 * dullness and darkness. Nothing in it is learned, so a model can only please it with the right picture.
 */
export function readGallery(picture: Float32Array): GalleryReading {
  const { layout, colors, ...reading } = read(picture);
  const { style: _, ...geometry } = layouts[layout]!;
  return { ...reading, scene: { ...geometry, color: colors.objects[0]!, background: colors.background } };
}

/** Judges a picture by the requested attributes (all five, or those that a prompt names); its style is in the reading. */
export function judgeGallery(
  picture: Float32Array,
  asked: Partial<GalleryScene>,
): GalleryReading & Judgement<GalleryScene> {
  const reading = readGallery(picture);
  return { ...reading, ...judge(reading, asked, gallery.names) };
}
