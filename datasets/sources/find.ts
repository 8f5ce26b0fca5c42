import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { InputError } from '../../common/errors.ts';

export const fileKinds = ['txt', 'csv', 'tsv', 'jsonl', 'parquet'] as const;
export type FileKind = (typeof fileKinds)[number];

/** A file with prompts. */
export interface SourceFile {
  path: string;
  /** Its name, or its path below the folder that was named: what rows and messages say about where they are from. */
  name: string;
  kind: FileKind;
  bytes: number;
}

const expected = fileKinds.map((kind) => `.${kind}`).join(', ');

/**
 * The files of a source, sorted by name: the file itself, or those below a folder whose kind is known.
 * Hidden files are passed over; other kinds are listed in `ignored`.
 * @throws InputError when there is nothing to read
 */
export async function findSources(path: string): Promise<{ files: SourceFile[]; ignored: string[] }> {
  const found = await stat(path).catch(() => undefined);
  if (!found)
    throw new InputError(`${path}: no such file or folder; expected prompts in ${expected}, or a folder of them.`);
  if (!found.isDirectory()) {
    const kind = kindOf(path);
    if (!kind) throw new InputError(`${path}: the kind "${extname(path)}" is not known; expected one of ${expected}.`);
    return { files: [{ path, name: basename(path), kind, bytes: found.size }], ignored: [] };
  }
  const files: SourceFile[] = [];
  const ignored: string[] = [];
  for (const entry of (await readdir(path, { recursive: true })).sort()) {
    const name = entry.replaceAll('\\', '/');
    if (name.split('/').some((part) => part.startsWith('.'))) continue;
    const details = await stat(join(path, entry)).catch(() => undefined); // a link to nowhere
    if (details?.isDirectory()) continue;
    const kind = kindOf(name);
    if (kind && details?.isFile()) files.push({ path: join(path, entry), name, kind, bytes: details.size });
    else ignored.push(name);
  }
  if (files.length === 0) throw new InputError(`${path}: no prompt files in this folder; expected ${expected}.`);
  return { files, ignored };
}

function kindOf(path: string): FileKind | undefined {
  const ending = extname(path).slice(1).toLowerCase();
  return fileKinds.find((kind) => kind === ending);
}
