import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resizePicture } from '../../common/pictures/bicubic.ts';
import { writeFileAtomic } from '../../common/files.ts';
import { decodePng, encodePng } from '../../common/pictures/png.ts';
import type { PictureRow } from '../../evaluation/paper/paper-pictures.ts';

/** Side that the page's pictures have at least, in pixels. */
const SIDE = 160;

/**
 * Writes the pictures that open the page of the comparison, enlarged smoothly (bicubic) by a whole number.
 * @param out folder of the page
 * @throws InputError that names a kept picture that cannot be read
 * @example
 * ```ts
 * import { writePagePictures } from './api/paper/page-pictures.ts';
 *
 * const cells = [{ arm: 'base', source: 'kept/0000.png', file: 'images/results-1-base.png' }];
 * await writePagePictures([{ prompt: 'a red disc', cells }], 'page');
 * ```
 */
export async function writePagePictures(rows: readonly PictureRow[], out: string): Promise<void> {
  for (const { source, file } of rows.flatMap(({ cells }) => cells)) {
    const { pixels, width, height } = decodePng(await readFile(source), source);
    const times = Math.max(1, Math.ceil(SIDE / width));
    const [newHeight, newWidth] = [height * times, width * times];
    const enlarged = resizePicture(pixels, [height, width], [newHeight, newWidth]);
    await writeFileAtomic(join(out, file), encodePng(enlarged, newHeight, newWidth));
  }
}
