import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { InputError, RetryableError } from '../../common/errors.ts';
import { canonicalJson, sha256, sha256File } from '../../common/files.ts';
import { writeSealed } from '../../common/files/sealed.ts';
import { isPattern } from '../../common/files/pattern.ts';
import { stampOf } from '../../common/files/stamps.ts';
import { patternRoot, walkFolder, walkPattern, type Walked } from '../../common/files/walk-files.ts';
import { hasSettled, readMemory } from './kept-stamps.ts';
import { reasonOf } from '../../common/text/reason.ts';

interface Entry {
  /** See {@link stampOf}. */
  stamp: string;
  sha256: string;
}

/** Attempts to read a file that changes while it is being read. */
const attempts = 3;

/**
 * Digests of files and folders outside the store (models, prompts). A file is read again only when its stamp has changed.
 */
export class ExternalDigests {
  readonly #file: string;
  readonly #read: (path: string) => Promise<string>;
  #known: Record<string, Entry> | undefined;
  #changed = false;

  /**
   * @param file where the digests are kept between runs
   * @param read returns the sha256 of a file
   */
  constructor(file: string, read = sha256File) {
    this.#file = file;
    this.#read = read;
  }

  /**
   * Returns the base name and digest of a file or of a folder with its whole content; for a pattern (`data/*.csv`), the
   * pattern and the digest of the matching files. The base name counts, since readers look at the extension; the parent
   * folder does not.
   * @throws InputError if the path does not exist or is neither file nor folder; RetryableError for a file being written to
   */
  async digest(path: string): Promise<string> {
    this.#known ??= await readMemory<Entry>(this.#file);
    const digest = await this.#anything(path);
    if (this.#changed) await writeSealed(this.#file, this.#known!);
    this.#changed = false;
    return digest;
  }

  async #anything(path: string): Promise<string> {
    const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' && isPattern(path)) return undefined;
      throw new InputError(
        error.code === 'ENOENT' ? `There is no file or folder ${path}.` : `${path} cannot be read: ${reasonOf(error)}.`,
      );
    });
    if (!info) return `${(await patternRoot(path)).rest} ${await this.#walked(await walkPattern(path))}`;
    if (info.isDirectory()) return `${basename(path)} ${await this.#walked(await walkFolder(path))}`;
    if (!info.isFile()) throw new InputError(`${path} is neither a file nor a folder.`);
    return `${basename(path)} ${await this.#fileDigest(path)}`;
  }

  async #walked({ files, ignored, repeated }: Walked): Promise<string> {
    const parts: [string, string][] = [];
    for (const { name, path } of files) parts.push([name, await this.#fileDigest(path)]);
    return sha256(canonicalJson([parts, ignored, repeated.map(({ name, as }) => [name, as])]));
  }

  async #fileDigest(path: string): Promise<string> {
    let before = await stampAt(path);
    const known = this.#known![path];
    if (known?.stamp === before.stamp) return known.sha256;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const digest = await this.#read(path);
      const after = await stampAt(path);
      if (after.stamp === before.stamp) {
        if (hasSettled(before.info)) {
          this.#known![path] = { stamp: before.stamp, sha256: digest };
          this.#changed = true;
        }
        return digest;
      }
      before = after;
    }
    throw new RetryableError(`${path} changed while it was read; run again when nothing writes to it.`);
  }
}

async function stampAt(path: string): Promise<{ info: BigIntStats; stamp: string }> {
  const info = await stat(path, { bigint: true }).catch((error: Error) => {
    throw new RetryableError(
      `${path} disappeared while it was read (${reasonOf(error)}); run again when nothing changes it.`,
    );
  });
  return { info, stamp: stampOf(info) };
}
