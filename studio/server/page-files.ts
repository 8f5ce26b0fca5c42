import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { RunError } from '../../common/errors.ts';

/** A file of the built page. */
export interface PageFile {
  type: string;
  data: Uint8Array<ArrayBuffer>;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The file that is shown at every address of the page. */
export const INDEX = '/index.html';

/**
 * Reads the built page, so that no address of a request ever becomes a path.
 * @returns its files by address, such as `/assets/index-4f2a.js`
 * @throws RunError when it was not built
 */
export async function readPage(folder: string): Promise<Map<string, PageFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const found = entries.filter((entry) => entry.isFile() && extname(entry.name) in TYPES);
  const files = await Promise.all(
    found.map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      const data = Uint8Array.from(await readFile(path));
      return [path.slice(folder.length).replaceAll('\\', '/'), { type: TYPES[extname(name)]!, data }] as const;
    }),
  );
  const page = new Map(files);
  if (!page.has(INDEX)) throw new RunError(`The studio's page is not in ${folder}; build it with: npm run setup`);
  return page;
}
