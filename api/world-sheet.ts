import { join } from 'node:path';
import { writeFileAtomic } from '../common/files.ts';
import { gallerySheet } from '../world/scenes/gallery/gallery-sheet.ts';
import { contactSheet } from '../world/scenes/common/contact-sheet.ts';
import { sheetColumns, type WorldSheet } from '../world/scenes/common/sheet-rows.ts';
import type { WorldName } from '../world/scenes/common/world-names.ts';
import { shapesSheet } from '../world/scenes/shapes/shapes-sheet.ts';

const sheets: Record<WorldName, (seed: number) => WorldSheet> = { shapes: shapesSheet, gallery: gallerySheet };
/** How much larger the pictures of a sheet are. */
const zooms: Record<WorldName, number> = { shapes: 3, gallery: 2 };

export interface WorldSheetOptions {
  /** Folder of the files, made if need be. */
  readonly out: string;
  readonly world: WorldName;
  /** Draws the scenes. */
  readonly seed?: number;
}

/**
 * Shows what a world looks like: `scenes.png`, rows of clean pictures and below each the same with degradations;
 * `harder.png`, the same of the gallery's harder tier;
 * `examples.png`, web-like pictures; `examples.jsonl`, in their order: caption, what is shown, what the oracle reads.
 * @returns paths of the files
 * @example
 * ```ts
 * import { writeWorldSheet } from './api/world-sheet.ts';
 *
 * const [scenes] = await writeWorldSheet({ out: 'sheet', world: 'gallery' });
 * console.log(scenes); // sheet/scenes.png
 * ```
 */
export async function writeWorldSheet({ out, world, seed = 0 }: WorldSheetOptions): Promise<string[]> {
  const { scenes, harder, examples } = sheets[world](seed);
  const pictures = examples.map(({ image }) => image);
  const lines = examples.map(({ image: _, ...example }) => JSON.stringify(example) + '\n');
  const files = {
    'scenes.png': contactSheet(scenes, sheetColumns, zooms[world]),
    ...(harder && { 'harder.png': contactSheet(harder, sheetColumns, zooms[world]) }),
    'examples.png': contactSheet(pictures, sheetColumns, zooms[world]),
    'examples.jsonl': lines.join(''),
  };
  for (const [name, content] of Object.entries(files)) await writeFileAtomic(join(out, name), content);
  return Object.keys(files).map((name) => join(out, name));
}
