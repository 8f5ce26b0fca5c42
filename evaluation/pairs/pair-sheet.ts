import { resizePicture } from '../../common/pictures/bicubic.ts';
import { encodePng } from '../../common/pictures/png.ts';
import { breakLines, dotsOf, drawable, LETTER_HEIGHT, LETTER_WIDTH } from './dot-letters.ts';
import { SIDES } from './draw-pairs.ts';
import type { PicturedPairs } from './picture-pairs.ts';

/** Largest width and height of a sheet, in pixels; a single pair may be higher. */
const largestSheet = 2000;
/** Pictures are enlarged to at least this, by a whole factor, and reduced to at most that. */
const [leastSide, mostSide] = [256, 960];
const margin = 12;
const gap = 6;
/** Pixels of a dot of a letter. */
const dot = 2;
const lineHeight = LETTER_HEIGHT * dot + 4;
const promptLines = 3;

/**
 * Draws pairs on sheets (PNG files): each with its number and side above its two pictures, and the prompt below. Pictures
 * are smoothly enlarged.
 */
export function pairSheets({ size, pairs }: PicturedPairs): Buffer[] {
  const side = size < leastSide ? size * Math.ceil(leastSide / size) : Math.min(size, mostSide);
  const cell = { width: 2 * side + gap + 2 * margin, height: side + (1 + promptLines) * lineHeight + 2 * margin };
  const columns = Math.max(1, Math.floor(largestSheet / cell.width));
  const rows = Math.max(1, Math.floor(largestSheet / cell.height));
  const sheets: Buffer[] = [];
  for (let first = 0; first < pairs.length; first += columns * rows) {
    const part = pairs.slice(first, first + columns * rows);
    const width = Math.min(columns, part.length) * cell.width;
    const sheet = new Sheet(width, Math.ceil(part.length / columns) * cell.height);
    for (const [i, { pair, prompt, pictures }] of part.entries()) {
      const left = (i % columns) * cell.width + margin;
      const top = Math.floor(i / columns) * cell.height + margin;
      for (const [s, picture] of pictures.entries()) {
        const x = left + s * (side + gap);
        sheet.write(`${pair} ${SIDES[s]}`, x, top);
        sheet.paste(resizePicture(picture, [size, size], [side, side]), side, x, top + lineHeight);
      }
      const letters = Math.floor((2 * side + gap) / (LETTER_WIDTH * dot));
      for (const [line, text] of breakLines(drawable(prompt), letters, promptLines).entries())
        sheet.write(text, left, top + side + (1 + line) * lineHeight + 4);
    }
    sheets.push(sheet.png());
  }
  return sheets;
}

/** A white picture to draw on: [height, width, 3] in [0, 1]. */
class Sheet {
  readonly #pixels: Float32Array;
  readonly #width: number;
  readonly #height: number;

  constructor(width: number, height: number) {
    [this.#width, this.#height] = [width, height];
    this.#pixels = new Float32Array(width * height * 3).fill(1);
  }

  /** Draws a square picture whose corner is at (left, top). */
  paste(picture: Float32Array, side: number, left: number, top: number): void {
    for (let y = 0; y < side; y++)
      this.#pixels.set(picture.subarray(3 * side * y, 3 * side * (y + 1)), 3 * ((top + y) * this.#width + left));
  }

  /** Writes a line of a drawable text in black. */
  write(text: string, left: number, top: number): void {
    for (const { x, y } of dotsOf(text))
      for (let row = 0; row < dot; row++) {
        const start = 3 * ((top + y * dot + row) * this.#width + left + x * dot);
        this.#pixels.fill(0, start, start + 3 * dot);
      }
  }

  png(): Buffer {
    return encodePng(this.#pixels, this.#height, this.#width);
  }
}
