import type { RandomStream } from '../../../common/random.ts';

/** Inputs that guide a UNet, for square pictures whose latents have square cells. */
export class LatentGuides {
  readonly #side: number;
  readonly #cell: number;
  readonly #cells: number;

  /**
   * @param side of a picture, in pixels
   * @param cell side of a cell of the latents, in pixels
   */
  constructor(side: number, cell: number) {
    this.#side = side;
    this.#cell = cell;
    this.#cells = side / cell;
  }

  /**
   * Returns the cells to inpaint: the smallest rectangle around an object, with up to one more cell on each side when a
   * stream is given. [cells * cells], 1 where the picture is hidden
   * @param coverage share of each pixel that the object covers, [side * side]
   */
  hiddenCells(coverage: Float32Array, stream?: RandomStream): Float32Array {
    const cells = this.#cells;
    let [top, bottom, left, right] = [cells, -1, cells, -1];
    coverage.forEach((share, i) => {
      if (share === 0) return;
      const [row, column] = [Math.floor(i / this.#side / this.#cell), Math.floor((i % this.#side) / this.#cell)];
      [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
      [left, right] = [Math.min(left, column), Math.max(right, column)];
    });
    const more = () => stream?.integer(2) ?? 0;
    [top, bottom, left, right] = [top - more(), bottom + more(), left - more(), right + more()];
    return Float32Array.from({ length: cells * cells }, (_, i) => {
      const [row, column] = [Math.floor(i / cells), i % cells];
      return Number(row >= top && row <= bottom && column >= left && column <= right);
    });
  }

  /** Paints the hidden cells of a picture mid-gray. picture [side, side, 3] in [0, 1], cells as {@link hiddenCells} */
  hide(picture: Float32Array, cells: Float32Array): Float32Array {
    return picture.map((value, i) => {
      const pixel = Math.floor(i / 3);
      const [row, column] = [Math.floor(pixel / this.#side), pixel % this.#side];
      return cells[Math.floor(row / this.#cell) * this.#cells + Math.floor(column / this.#cell)] ? 0.5 : value;
    });
  }

  /**
   * Returns the object's silhouette as a control image at latent size; a cell's pixels are its channels.
   * [cells, cells, cell * cell]
   * @param coverage as {@link hiddenCells}
   */
  silhouette(coverage: Float32Array): Float32Array {
    const [side, cell, cells] = [this.#side, this.#cell, this.#cells];
    return Float32Array.from({ length: side * side }, (_, i) => {
      const [at, within] = [Math.floor(i / cell ** 2), i % cell ** 2];
      const row = Math.floor(at / cells) * cell + Math.floor(within / cell);
      return coverage[row * side + (at % cells) * cell + (within % cell)]!;
    });
  }
}
