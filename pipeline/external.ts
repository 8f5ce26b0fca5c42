import type { BigIntStats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InputError } from '../common/errors.ts';
import { canonicalJson, sha256, sha256File, writeFileAtomic } from '../common/files.ts';
import { hasSettled, readMemory, stampOf } from './stamps.ts';

interface Entry {
  /** See {@link stampOf}. */
  stamp: string;
  sha256: string;
}

/**
 * Digests of files and folders outside of the store (models, prompts). A file is read once and then again only when
 * its stamp has changed.
 */
export class ExternalDigests {
  readonly #file: string;
  #known: Record<string, Entry> | undefined;
  #changed = false;

  /** @param file where the digests are kept between runs */
  constructor(file: string) {
    this.#file = file;
  }

  /**
   * The base name and the digest of a file or of a folder with all that is in it; of a pattern of files (`data/*.csv`) the
   * pattern and the folder in which they are. The base name is a part, since readers look at a file's ending; the folder
   * around it is not.
   */
  async digest(path: string): Promise<string> {
    this.#known ??= await readMemory<Entry>(this.#file);
    const { root, label } = await rootOf(path);
    const info = await stat(root, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
      throw new InputError(
        error.code === 'ENOENT' ? `There is no file or folder ${root}.` : `${root} cannot be read: ${error.message}.`,
      );
    });
    if (!info.isFile() && !info.isDirectory()) throw new InputError(`${root} is neither a file nor a folder.`);
    const digest = info.isDirectory() ? await this.#folder(root, []) : await this.#fileDigest(root, info);
    if (this.#changed) await writeFileAtomic(this.#file, canonicalJson(this.#known));
    this.#changed = false;
    return `${label} ${digest}`;
  }

  /** @param above the folders around it: a link back into one of them says nothing new */
  async #folder(path: string, above: readonly string[]): Promise<string> {
    const real = await realpath(path);
    if (above.includes(real)) return 'a folder above';
    const parts: [string, string][] = [];
    for (const name of (await readdir(path)).filter((name) => !name.startsWith('.')).toSorted()) {
      const info = await stat(join(path, name), { bigint: true }).catch(() => undefined);
      const digest = info?.isDirectory()
        ? await this.#folder(join(path, name), [...above, real])
        : info?.isFile()
          ? await this.#fileDigest(join(path, name), info)
          : 'no file'; // a link to nowhere, a pipe
      parts.push([name, digest]);
    }
    return sha256(canonicalJson(parts));
  }

  async #fileDigest(path: string, info: BigIntStats): Promise<string> {
    const stamp = stampOf(info);
    const known = this.#known![path];
    if (known?.stamp === stamp) return known.sha256;
    const digest = await sha256File(path);
    if (hasSettled(info)) {
      this.#known![path] = { stamp, sha256: digest };
      this.#changed = true;
    }
    return digest;
  }
}

/** Where reading begins, and what names it whatever is around it. */
async function rootOf(path: string): Promise<{ root: string; label: string }> {
  const parts = path.split('/');
  const wild = parts.findIndex((part) => /[*?[{]/.test(part));
  if (wild < 0 || (await stat(path).catch(() => undefined))) return { root: path, label: basename(path) };
  return { root: parts.slice(0, wild).join('/') || '/', label: parts.slice(wild).join('/') };
}
