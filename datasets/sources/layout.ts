import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../common/errors.ts';
import { isFile } from '../../common/files.ts';
import { readInputText } from '../../common/files/input-file.ts';
import { reasonOf } from '../../common/text/reason.ts';

/** Files that `datasets` and the hub write beside the data, and documentation. */
const beside = /^(?:dataset_dict|dataset_infos?)\.json$|^(?:README|LICEN[CS]E|NOTICE|COPYING|CHANGELOG)(?:\.txt)?$/;
/** Split names that folders and files may bear. */
const splitNames = new Set(['train', 'training', 'validation', 'valid', 'val', 'dev', 'eval', 'test']);

const stateSchema = z.object({ _data_files: z.array(z.object({ filename: z.string().min(1) })) });
const dictSchema = z.object({ splits: z.array(z.string().min(1)) });

interface Named {
  name: string;
}

/** Finds the files beside and above these that describe a data set, even if a pattern does not match them. */
export async function descriptions(folder: string, names: readonly string[]): Promise<Named[]> {
  const folders = new Set<string>(['.']);
  for (const name of names) for (let at = dirname(name); at !== '.'; at = dirname(at)) folders.add(at);
  const found: Named[] = [];
  for (const each of folders)
    for (const file of ['state.json', 'dataset_dict.json'])
      if (await isFile(join(folder, each, file))) found.push({ name: beneath(each, file) });
  return found;
}

/**
 * Selects the data files of a folder. In a folder saved by `datasets`, these are the files that its `state.json` lists.
 * Files about the data do not count.
 * @param files names relative to `folder`
 * @throws InputError when a listed file is missing, or a list cannot be read
 */
export async function dataFiles<T extends Named>(
  folder: string,
  files: readonly T[],
): Promise<{ files: T[]; ignored: string[] }> {
  const names = new Set(files.map(({ name }) => name));
  const passed = new Set([...names].filter((name) => beside.test(basename(name))));
  for (const name of names) {
    if (basename(name) !== 'state.json') continue;
    const state = await described(join(folder, name), stateSchema);
    if (!state) continue; // written by some other program
    passed.add(name);
    const listed = new Set(state._data_files.map(({ filename }) => beneath(dirname(name), filename)));
    for (const each of listed)
      if (!names.has(each) && !(await isFile(join(folder, each)))) throw missing(join(folder, name), each);
    for (const each of names)
      if (dirname(each) === dirname(name) && each.endsWith('.arrow') && !listed.has(each)) passed.add(each);
  }
  return { files: files.filter(({ name }) => !passed.has(name)), ignored: [...passed] };
}

/**
 * Selects the files of a split (`train`, several: `train+test`, or `all`).
 * @param ask whether the split must be named if there are several
 * @throws InputError naming the existing splits
 */
export async function filesOfSplit<T extends Named>(
  source: string,
  folder: string,
  files: readonly T[],
  { split, ask, listed }: { split: string | undefined; ask: boolean; listed: readonly Named[] },
): Promise<T[]> {
  if (split === 'all') return [...files];
  const splits = new Map<string, T[]>();
  const dicts = new Map<string, string[]>();
  for (const { name } of listed) {
    if (basename(name) !== 'dataset_dict.json') continue;
    const dict = await described(join(folder, name), dictSchema);
    if (dict) dicts.set(dirname(name), dict.splits);
  }
  for (const file of files) {
    const found = splitIn(file.name, dicts);
    if (found !== undefined) splits.set(found, [...(splits.get(found) ?? []), file]);
  }
  for (const each of [...dicts.values()].flat())
    if (!splits.has(each))
      throw new InputError(`${source}: dataset_dict.json has a split "${each}", whose files are missing.`);

  const found = [...splits.keys()].sort().join(', ');
  if (split === undefined) {
    if (splits.size < 2 || !ask) return [...files];
    throw new InputError(
      `${source}: has the splits ${found}; name the one to read (prompts.split=${[...splits.keys()].sort().at(-1)!}), or all.`,
    );
  }
  const wanted = split.split('+').map((each) => each.trim());
  for (const each of wanted)
    if (!splits.has(each))
      throw new InputError(`${source}: no split "${each}"; the files name ${found === '' ? 'no splits' : found}.`);
  return files.filter((file) => wanted.some((each) => splits.get(each)!.includes(file)));
}

/** Returns the split named by a file's folder or name. */
function splitIn(name: string, dicts: ReadonlyMap<string, readonly string[]>): string | undefined {
  for (const [folder, splits] of dicts) {
    const found = splits.find((split) => name.startsWith(beneath(folder, `${split}/`)));
    if (found !== undefined) return found;
  }
  const file = basename(name);
  const [, numbered] = /^(\w[\w.]*?)-\d{5}-of-\d{5}\./.exec(file) ?? [];
  if (numbered !== undefined && numbered !== 'data') return numbered;
  const parts = [...name.split('/').slice(0, -1), file.split('.')[0]!];
  return parts.find((part) => splitNames.has(part));
}

const beneath = (folder: string, name: string): string => (folder === '.' ? name : `${folder}/${name}`);

/** Reads a small JSON file; undefined if it does not match the schema. */
async function described<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    return schema.safeParse(JSON.parse(await readInputText(path))).data;
  } catch (error) {
    throw new InputError(`${path}: cannot be read (${reasonOf(error, 200)}).`);
  }
}

function missing(state: string, name: string): InputError {
  return new InputError(`${state}: lists ${name}, which is not there; is the folder copied in full?`);
}
