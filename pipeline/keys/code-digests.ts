import { statSync } from 'node:fs';
import { writeSealed } from '../../common/files/sealed.ts';
import { stampOf } from '../../common/files/stamps.ts';
import type { CodeDigest } from './code.ts';
import { hasSettled, readMemory } from './kept-stamps.ts';

interface Entry {
  digest: CodeDigest;
  /** Stamps by file. */
  files: Record<string, string>;
}

/**
 * Digests of stages' code. Bundling a module takes a tenth of a second and a process; checking that none of its files
 * has changed takes a millisecond. So even a worker that runs for weeks always uses digests of the current code.
 */
export class CodeDigests {
  readonly #file: string;
  #known: Record<string, Entry> | undefined;

  /** @param file where the digests are kept between runs */
  constructor(file: string) {
    this.#file = file;
  }

  /** Returns the digest of a module. @param path path relative to `root`. @throws RunError when it cannot be bundled */
  async digest(path: string, root: string): Promise<CodeDigest> {
    this.#known ??= await readMemory<Entry>(this.#file);
    const name = `${root} ${path}`;
    const known = this.#known[name];
    if (known && Object.entries(known.files).every(([file, stamp]) => stampNow(file) === stamp)) return known.digest;
    const { readCode } = await import('./code.ts'); // loads the bundler too
    const { digest, files } = await readCode(path, root);
    const stamps = files?.map((file) => [file, stampNow(file, true)] as const);
    if (stamps?.every(([, stamp]) => stamp !== undefined)) {
      this.#known[name] = { digest, files: Object.fromEntries(stamps) as Record<string, string> };
      await writeSealed(this.#file, this.#known);
    }
    return digest;
  }
}

/** Returns a file's stamp; undefined if it does not exist or (`settled`) may still change without a new stamp. */
function stampNow(file: string, settled = false): string | undefined {
  const info = statSync(file, { bigint: true, throwIfNoEntry: false });
  return info && (!settled || hasSettled(info)) ? stampOf(info) : undefined;
}
