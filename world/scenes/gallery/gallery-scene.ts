import { Combinations, type Combination } from '../common/combinations.ts';
import { shapes } from '../common/signed-distance.ts';

/** Attributes of a picture of the gallery, which shows one object. */
export const attributes = {
  shape: shapes,
  color: ['red', 'green', 'blue', 'yellow', 'pink', 'cyan'],
  background: ['white', 'navy', 'sand', 'mint', 'violet'],
  size: ['small', 'large'],
  position: ['center', 'top left', 'top right', 'bottom left', 'bottom right'],
} as const;

/** In what style a scene is drawn; no part of the combination, so it does not change the split. */
export const styleNames = ['flat', '3d', 'neon', 'outline'] as const;
export type StyleName = (typeof styleNames)[number];

export type GalleryScene = Combination<typeof attributes>;
export type ObjectColor = GalleryScene['color'];
export type Background = GalleryScene['background'];

/** All 1,200 combinations and their splits. */
export const gallery = new Combinations('gallery', attributes);
