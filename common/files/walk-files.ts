import type { Stats } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InputError, NothingThereError } from '../errors.ts';
import { alternativesOf, isPattern, nameMatcher } from './pattern.ts';
import { reasonOf } from '../text/reason.ts';

/** A file below a folder, with its name relative to the folder. */
interface WalkedFile {
  name: string;
  path: string;
  bytes: number;
}

/** The files below a folder, or those of them that fit a pattern. */
export interface Walked {
  /** The folder that the names are relative to. */
  folder: string;
  /** Sorted by name. */
  files: WalkedFile[];
  /** Names of entries that are not files: a pipe, a device, a broken link. */
  ignored: string[];
  /** Links to folders that are already known by another name. */
  repeated: { name: string; as: string }[];
}

/** A source with more files than this is a mistake: a whole disk. */
const mostEntries = 1_000_000;

/**
 * Lists the files below a folder. Follows links and reads each folder once however many lead to it, under its own name
 * rather than a link's. Skips hidden names.
 * @throws InputError for a folder that cannot be read, and for a name that is not UTF-8
 */
export function walkFolder(folder: string): Promise<Walked> {
  return new Walk(folder).run(['**']);
}

/**
 * Lists the files that fit a pattern (see {@link isPattern}), reading only folders that may hold one.
 * @throws InputError as {@link walkFolder}, for a missing folder, and for an invalid pattern
 */
export async function walkPattern(pattern: string): Promise<Walked> {
  const { folder, rest } = await patternRoot(pattern);
  return new Walk(folder).run(alternativesOf(rest));
}

/**
 * Splits a pattern into the folder in which it begins and the rest below it. Names up to there are literal wherever
 * such a path exists: `part[1]/*.txt` begins in the folder `part[1]` if there is one, and otherwise fits files in
 * `part1`.
 * @throws InputError if the folder does not exist
 */
export async function patternRoot(pattern: string): Promise<{ folder: string; rest: string }> {
  const parts = pattern.split('/');
  let at = parts.findIndex(isPattern);
  while (at >= 0 && (await lstat(parts.slice(0, at + 1).join('/')).catch(() => undefined)))
    at = parts.findIndex((part, i) => i > at && isPattern(part));
  const end = at < 0 ? parts.length - 1 : at;
  const folder = end === 0 ? '.' : parts.slice(0, end).join('/') || '/';
  if (!(await stat(folder).catch(() => undefined))?.isDirectory())
    throw new NothingThereError(`${pattern}: the folder ${folder} does not exist.`);
  return { folder, rest: parts.slice(end).join('/') };
}

/** A folder to search for the rest of a pattern. */
interface Place {
  name: string;
  parts: readonly string[];
}

class Walk {
  readonly #folder: string;
  readonly #files = new Map<string, WalkedFile>();
  readonly #ignored = new Set<string>();
  readonly #repeated = new Map<string, string>();
  /** Folders to read; those behind links come last. */
  #places: Place[] = [];
  readonly #linked: Place[] = [];
  /** Real path and rest of the pattern -> the name under which it was read. */
  readonly #seen = new Map<string, string>();
  #entries = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async run(patterns: readonly string[]): Promise<Walked> {
    this.#places = patterns.map((pattern) => ({ name: '', parts: pattern.split('/').filter((part) => part !== '') }));
    for (let place; (place = this.#places.pop() ?? this.#linked.shift());) await this.#visit(place);
    const sorted = (names: Iterable<string>): string[] => [...names].sort();
    return {
      folder: this.#folder,
      files: sorted(this.#files.keys()).map((name) => this.#files.get(name)!),
      ignored: sorted(this.#ignored),
      repeated: sorted(this.#repeated.keys()).map((name) => ({ name, as: this.#repeated.get(name)! })),
    };
  }

  async #visit({ name, parts }: Place): Promise<void> {
    const key = [await realpath(this.#path(name)), ...parts].join('\0');
    const before = this.#seen.get(key);
    if (before !== undefined) {
      if (before !== name) this.#repeated.set(name, before);
      return;
    }
    this.#seen.set(key, name);
    const [part = '', ...rest] = parts;
    if (part === '**') {
      if (rest.length > 0) this.#places.push({ name, parts: rest });
      for (const entry of await this.#entriesOf(name)) await this.#take(entry, parts, rest.length === 0);
    } else if (isPattern(part)) {
      const matches = nameMatcher(part);
      for (const entry of await this.#entriesOf(name))
        if (matches(basename(entry))) await this.#take(entry, rest, rest.length === 0);
    } else await this.#take(below(name, part), rest, rest.length === 0);
  }

  /** Returns the names of a folder's visible entries, sorted. */
  async #entriesOf(name: string): Promise<string[]> {
    const path = this.#path(name);
    const entries = await readdir(path).catch((error: Error) => {
      throw new InputError(`${path}: cannot be read (${reasonOf(error)}).`);
    });
    if ((this.#entries += entries.length) > mostEntries)
      throw new InputError(`${this.#folder}: it has more than ${mostEntries} files; name fewer.`);
    return entries
      .filter((entry) => !entry.startsWith('.'))
      .sort()
      .map((entry) => below(name, entry));
  }

  /** @param isLast whether nothing of the pattern is left, so that a file fits */
  async #take(name: string, parts: readonly string[], isLast: boolean): Promise<void> {
    const path = this.#path(name);
    const found = await followed(path);
    if (!found && !(await lstat(path).catch(() => undefined))) {
      // Node marks a name that is not UTF-8 with this character, and the name leads nowhere.
      if (name.includes('\ufffd')) throw new InputError(`${path}: this name is not UTF-8; rename it.`);
      return;
    }
    if (found?.isDirectory()) {
      if (parts.length === 0) return;
      const isLink = (await lstat(path)).isSymbolicLink();
      (isLink ? this.#linked : this.#places).push({ name, parts });
    } else if (isLast) {
      if (found?.isFile()) this.#files.set(name, { name, path, bytes: found.size });
      else this.#ignored.add(name);
    }
  }

  #path(name: string): string {
    return name === '' ? this.#folder : join(this.#folder, name);
  }
}

/** Undefined if nothing is there, or only a broken link. */
function followed(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(error.code ?? '')) return undefined;
    throw new InputError(`${path}: cannot be read (${reasonOf(error)}).`);
  });
}

const below = (folder: string, entry: string): string => (folder === '' ? entry : `${folder}/${entry}`);
