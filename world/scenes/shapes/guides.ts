import type { RandomStream } from '../../../common/random.ts';
import { LatentGuides } from '../common/latent-guides.ts';
import { coverage, pictureSize } from './renderer.ts';
import type { Scene } from './scene.ts';

const guides = new LatentGuides(pictureSize, 4);
type Placed = Pick<Scene, 'shape' | 'size' | 'position'>;

/** Returns the cells to inpaint for a scene, [8, 8]; see {@link LatentGuides.hiddenCells}. */
export const hiddenCells = (scene: Placed, stream?: RandomStream): Float32Array =>
  guides.hiddenCells(coverage(scene), stream);

/** Paints the hidden cells of a picture mid-gray. picture [32, 32, 3] in [0, 1], cells as {@link hiddenCells} */
export const hide = (picture: Float32Array, cells: Float32Array): Float32Array => guides.hide(picture, cells);

/** Returns the object's silhouette as a control image at latent size; a cell's 4 x 4 pixels are its channels. [8, 8, 16] */
export const silhouette = (scene: Placed): Float32Array => guides.silhouette(coverage(scene));
