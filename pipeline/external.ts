import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InputError } from '../common/errors.ts';
import { canonicalJson, sha256, sha256File, writeFileAtomic } from '../common/files.ts';

interface Entry {
  /** What tells an untouched file: inode, size, times of the last change of content and of anything. */
  stamp: string;
  sha256: string;
}

/** A file that was changed just now may change again within its time stamp's resolution. */
const settledMilliseconds = 2000;

/**
 * Digests of files and folders outside of the store (models, prompts). A file is read once and then again only when
 * its stamp has changed, as in git's index.
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
   * The base name and the digest of a file or of a folder with all that is in it. The base name is a part, since readers
   * look at a file's ending; the folder around it is not.
   */
  async digest(path: string): Promise<string> {
    this.#known ??= await readIndex(this.#file);
    const digest = await this.#digest(path);
    if (this.#changed) await writeFileAtomic(this.#file, canonicalJson(this.#known));
    this.#changed = false;
    return `${basename(path)} ${digest}`;
  }

  async #digest(path: string): Promise<string> {
    const info = await stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
      throw new InputError(
        error.code === 'ENOENT' ? `There is no file or folder ${path}.` : `${path} cannot be read: ${error.message}.`,
      );
    });
    if (info.isDirectory()) {
      const names = (await readdir(path)).filter((name) => !name.startsWith('.')).toSorted();
      const parts: [string, string][] = [];
      for (const name of names) parts.push([name, await this.#digest(join(path, name))]);
      return sha256(canonicalJson(parts));
    }
    const stamp = [info.ino, info.size, info.mtimeNs, info.ctimeNs].join(' ');
    const known = this.#known![path];
    if (known?.stamp === stamp) return known.sha256;
    const digest = await sha256File(path);
    if (Date.now() - Number(info.ctimeMs) > settledMilliseconds) {
      this.#known![path] = { stamp, sha256: digest };
      this.#changed = true;
    }
    return digest;
  }
}

async function readIndex(file: string): Promise<Record<string, Entry>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, Entry>;
  } catch {
    return {}; // only a memory: without it files are read again
  }
}
