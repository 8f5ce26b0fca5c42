import { readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InputError } from '../../common/errors.ts';

/** Folder of the published page, and that of a quick run's. */
export const PAPER_FOLDERS = { full: 'docs', quick: 'paper-quick' } as const;

/**
 * Refuses to write a quick run's page over the published one: into its folder, or into any that has the page of a full
 * run, or one of which nothing says what it is.
 * @param out folder of the page
 * @param folder of the project
 * @throws InputError that names the folder
 * @example
 * ```ts
 * import { refusePublished } from './api/paper/published-page.ts';
 *
 * await refusePublished('paper-quick', process.cwd());
 * ```
 */
export async function refusePublished(out: string, folder: string): Promise<void> {
  const real = (path: string) => realpath(resolve(folder, path)).catch(() => resolve(folder, path));
  const text = (file: string) => readFile(resolve(folder, out, file), 'utf8').catch(() => undefined);
  const [page, numbers] = [await text('results.md'), await text('results.json')];
  const isQuick = numbers !== undefined && numbers.includes('"quick":true');
  const isThere = page !== undefined || numbers !== undefined;
  if ((await real(out)) !== (await real(PAPER_FOLDERS.full)) && (!isThere || isQuick)) return;
  throw new InputError(
    `${join(out, 'results.md')} is not the page of a quick run, which must not replace it: give another folder with --out, or none (${PAPER_FOLDERS.quick}).`,
  );
}
