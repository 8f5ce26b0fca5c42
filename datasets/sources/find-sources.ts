import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { InputError, NothingThereError } from '../../common/errors.ts';
import { isPattern } from '../../common/files/pattern.ts';
import { walkFolder, walkPattern, type Walked } from '../../common/files/walk-files.ts';
import { dataFiles, descriptions, filesOfSplit } from './layout.ts';
import { packings, endings, type SourceFile } from './source-file.ts';

/** Files of a source: those to read, sorted by name, and the names of ignored ones. */
export interface Found {
  files: SourceFile[];
  ignored: string[];
}

const expected = '.txt, .csv, .tsv, .jsonl, .json, .parquet or .arrow, each also with .gz or .zst';

/**
 * Finds the files of a source: a file, a folder with everything below it, or a pattern such as `data/part-*.csv.gz` (`*`,
 * `?`, `**`, `{a,b}`, `[0-9]`). Skips hidden files; lists files of other kinds, and those about a data set, in `ignored`.
 * @param split split of a data set, as for {@link filesOfSplit}
 * @throws NothingThereError when there is nothing to read; InputError for files that cannot be read
 */
export async function findSources(source: string, split?: string): Promise<Found> {
  const found = await stat(source).catch(({ code }: NodeJS.ErrnoException) => {
    if (code === 'ELOOP') throw new InputError(`${source}: cannot be read: its links lead back to themselves.`);
    return undefined;
  });
  if (found?.isDirectory())
    return promptFiles(source, await walkFolder(source), { split, ask: true, none: 'no prompt files in this folder' });
  if (found) {
    const file = found.isFile() ? sourceFile(source, basename(source), found.size) : undefined;
    if (!found.isFile()) throw new InputError(`${source}: is neither a file nor a folder.`);
    if (!file) throw new InputError(`${source}: unknown kind of file; expected ${expected}.`);
    const listed = [{ name: file.name }];
    return { files: await filesOfSplit(source, dirname(source), [file], { split, ask: false, listed }), ignored: [] };
  }
  if (!isPattern(source))
    throw new NothingThereError(`${source}: no such file or folder; expected ${expected}, or a folder of them.`);
  const ask = /\*\*\/\*\.[^/]*$/.test(source); // a pattern that selects by extension alone
  return promptFiles(source, await walkPattern(source), { split, ask, none: 'no prompt file matches this pattern' });
}

async function promptFiles(
  source: string,
  walked: Walked,
  { split, ask, none }: { split: string | undefined; ask: boolean; none: string },
): Promise<Found> {
  const { folder } = walked;
  const names = new Map(walked.files.map((file) => [file.name, file] as const));
  const about = (await descriptions(folder, [...names.keys()])).filter(({ name }) => !names.has(name));
  const listed = [...walked.files, ...about];
  const { files: data, ignored: passed } = await dataFiles(folder, listed);
  const ignored = [...walked.ignored, ...walked.repeated.map(({ name }) => name)];
  ignored.push(...passed.filter((name) => names.has(name)));
  const files: SourceFile[] = [];
  for (const { name } of data) {
    const found = names.get(name);
    if (!found) continue;
    const file = sourceFile(found.path, name, found.bytes);
    if (file) files.push({ ...file, oneOfMany: true });
    else ignored.push(name);
  }
  if (files.length === 0) throw new NothingThereError(`${source}: ${none}; expected ${expected}.`);
  return { files: await filesOfSplit(source, folder, files, { split, ask, listed }), ignored: ignored.sort() };
}

function sourceFile(path: string, name: string, bytes: number): SourceFile | undefined {
  const parts = basename(path).toLowerCase().split('.');
  const packing = packings.find((each) => each === parts.at(-1));
  const ending = parts.length < 2 ? '' : (parts.at(packing ? -2 : -1) ?? '');
  if (!Object.hasOwn(endings, ending)) return undefined;
  return { path, name, kind: endings[ending as keyof typeof endings], bytes, ...(packing ? { packing } : {}) };
}
