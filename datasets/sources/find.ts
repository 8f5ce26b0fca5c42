import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { InputError, NothingThereError } from '../../common/errors.ts';
import { isPattern } from '../../common/pattern.ts';
import { walkFolder, walkPattern, type Walked } from '../../common/walk.ts';
import { packings, type Packing } from './unpack.ts';

/** Kinds of file by their endings; `jsonl` is also `ndjson`, `arrow` is IPC as a file or a stream. */
const endings = {
  txt: 'txt',
  csv: 'csv',
  tsv: 'tsv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
  parquet: 'parquet',
  arrow: 'arrow',
  arrows: 'arrow',
  feather: 'arrow',
  ipc: 'arrow',
} as const;
export type FileKind = (typeof endings)[keyof typeof endings];

/** A file with prompts. */
export interface SourceFile {
  path: string;
  /** Its name, or its path below the folder that was named: what rows and messages say about where they are from. */
  name: string;
  kind: FileKind;
  packing?: Packing;
  bytes: number;
}

/** What a source has: files to read, sorted by name, and the names of those that are none. */
export interface Found {
  files: SourceFile[];
  ignored: string[];
}

const expected = '.txt, .csv, .tsv, .jsonl, .json, .parquet or .arrow, each also with .gz or .zst';

/**
 * The files of a source: a file, a folder with all below it, or a pattern such as `data/part-*.csv.gz` (`*`, `?`, `**`,
 * `{a,b}`, `[0-9]`). Hidden files are passed over; files of other kinds are listed in `ignored`.
 * @throws NothingThereError when there is nothing to read; InputError for what cannot be read
 */
export async function findSources(source: string): Promise<Found> {
  const found = await stat(source).catch(() => undefined);
  if (found?.isDirectory()) return promptFiles(await walkFolder(source), `${source}: no prompt files in this folder`);
  if (found) {
    const file = found.isFile() ? sourceFile(source, basename(source), found.size) : undefined;
    if (!found.isFile()) throw new InputError(`${source}: is neither a file nor a folder.`);
    if (!file) throw new InputError(`${source}: its kind is not known; expected ${expected}.`);
    return { files: [file], ignored: [] };
  }
  if (!isPattern(source))
    throw new NothingThereError(`${source}: no such file or folder; expected ${expected}, or a folder of them.`);
  return promptFiles(await walkPattern(source), `${source}: no prompt file fits this pattern`);
}

function promptFiles(walked: Walked, none: string): Found {
  const ignored = [...walked.ignored, ...walked.repeated.map(({ name }) => name)];
  const files: SourceFile[] = [];
  for (const { name, path, bytes } of walked.files) {
    const file = sourceFile(path, name, bytes);
    if (file) files.push(file);
    else ignored.push(name);
  }
  if (files.length === 0) throw new NothingThereError(`${none}; expected ${expected}.`);
  return { files, ignored: ignored.sort() };
}

function sourceFile(path: string, name: string, bytes: number): SourceFile | undefined {
  const parts = basename(path).toLowerCase().split('.');
  const packing = packings.find((each) => each === parts.at(-1));
  const ending = parts.length < 2 ? '' : (parts.at(packing ? -2 : -1) ?? '');
  if (!Object.hasOwn(endings, ending)) return undefined;
  return { path, name, kind: endings[ending as keyof typeof endings], bytes, ...(packing ? { packing } : {}) };
}
