import type { RandomStream } from '../../common/random.ts';
import { coverage, pictureSize } from './renderer.ts';
import type { Scene } from './scene.ts';

/** Pixels per cell of the latents, in each direction. */
const CELL = 4;
const CELLS = pictureSize / CELL;
type Placed = Pick<Scene, 'shape' | 'size' | 'position'>;

/**
 * Returns the cells to inpaint for a scene: the smallest rectangle around its object, with up to one more cell on each
 * side when a stream is given. [8, 8], 1 where the picture is hidden
 */
export function hiddenCells(scene: Placed, stream?: RandomStream): Float32Array {
  const mask = coverage(scene);
  let [top, bottom, left, right] = [CELLS, -1, CELLS, -1];
  mask.forEach((share, i) => {
    if (share === 0) return;
    const [row, column] = [Math.floor(i / pictureSize / CELL), Math.floor((i % pictureSize) / CELL)];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
    [left, right] = [Math.min(left, column), Math.max(right, column)];
  });
  const more = () => stream?.integer(2) ?? 0;
  [top, bottom, left, right] = [top - more(), bottom + more(), left - more(), right + more()];
  return Float32Array.from({ length: CELLS * CELLS }, (_, i) => {
    const [row, column] = [Math.floor(i / CELLS), i % CELLS];
    return Number(row >= top && row <= bottom && column >= left && column <= right);
  });
}

/** Paints the hidden cells of a picture mid-grey. picture [32, 32, 3] in [0, 1], cells as {@link hiddenCells} */
export function hide(picture: Float32Array, cells: Float32Array): Float32Array {
  return picture.map((value, i) => {
    const pixel = Math.floor(i / 3);
    const [row, column] = [Math.floor(pixel / pictureSize), pixel % pictureSize];
    return cells[Math.floor(row / CELL) * CELLS + Math.floor(column / CELL)] ? 0.5 : value;
  });
}

/** Returns the object's silhouette as a control image at latent size; a cell's 4 x 4 pixels are its channels. [8, 8, 16] */
export function silhouette(scene: Placed): Float32Array {
  const mask = coverage(scene);
  return Float32Array.from({ length: pictureSize * pictureSize }, (_, i) => {
    const [cell, within] = [Math.floor(i / CELL ** 2), i % CELL ** 2];
    const row = Math.floor(cell / CELLS) * CELL + Math.floor(within / CELL);
    return mask[row * pictureSize + (cell % CELLS) * CELL + (within % CELL)]!;
  });
}
