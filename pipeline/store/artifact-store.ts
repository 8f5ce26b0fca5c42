import { chmod, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RunError } from '../../common/errors.ts';
import { pathSegment } from '../../common/identifiers.ts';
import { canonicalJson, sha256, sha256File, syncFile, syncFolder, writeFileAtomic } from '../../common/files.ts';
import { faultPoint } from '../../common/fault-points.ts';
import type { Artifact } from '../stage.ts';

/** A file of an artifact. */
export interface ManifestFile {
  /** Relative, with forward slashes. */
  path: string;
  bytes: number;
  sha256: string;
}

/**
 * Content-addressed folders: `<sha256>/` with the files, and `<sha256>.json` with their list; the name is the list's digest.
 * Every artifact is complete: it arrives by one rename after every file was synced.
 */
export class ArtifactStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Returns the folder of an artifact, whether or not it exists. */
  folder(sha256: string): string {
    return join(this.#folder, pathSegment(sha256));
  }

  #manifestFile(sha256: string): string {
    return `${this.folder(sha256)}.json`;
  }

  async has(sha256: string): Promise<boolean> {
    return (await stat(this.folder(sha256)).catch(() => undefined))?.isDirectory() ?? false;
  }

  /**
   * Turns a folder on the same file system into an artifact, or removes it when an equal one exists.
   * @throws RunError when it has no files, or anything other than files and folders
   */
  async commit(folder: string): Promise<Artifact> {
    await mkdir(this.#folder, { recursive: true });
    const files = await listFiles(folder, settle);
    if (files.length === 0) throw new RunError('The stage wrote no files to its output folder.');
    const digest = digestOf(files);
    const artifact = { uri: pathToFileURL(this.folder(digest)).href, sha256: digest, bytes: totalBytes(files) };
    if (await this.has(digest)) {
      if ((await this.damage(digest)) === undefined) return discard(folder).then(() => artifact);
      await this.remove(digest);
    }
    await writeFileAtomic(this.#manifestFile(digest), canonicalJson(files));
    faultPoint('artifact-commit');
    await rename(folder, this.folder(digest)).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
      await discard(folder); // another process has just committed the same
    });
    await syncFolder(this.#folder);
    faultPoint('artifact-committed');
    return artifact;
  }

  /** Verifies every byte of an artifact and returns its folder. @throws RunError that names the bad file */
  async open(sha256: string): Promise<string> {
    const damage = await this.damage(sha256);
    if (damage !== undefined) throw new RunError(`Artifact ${sha256.slice(0, 12)} ${damage}.`);
    return this.folder(sha256);
  }

  /** Describes the damage to an artifact; undefined when it is intact. */
  async damage(sha256: string): Promise<string | undefined> {
    if (!(await this.has(sha256))) return 'is missing';
    const files = await listFiles(this.folder(sha256));
    if (digestOf(files) === sha256) return undefined;
    const found = new Map(files.map((file) => [file.path, file.sha256]));
    const expected = await this.manifest(sha256).catch(() => []);
    const bad = expected.find((file) => found.get(file.path) !== file.sha256)?.path;
    if (bad === undefined) return 'has files that do not belong to it';
    return found.has(bad)
      ? `is damaged: ${bad} has other bytes than when it was written`
      : `is damaged: ${bad} is missing`;
  }

  /** Describes damage that the sizes of an artifact's files show, without reading them; undefined when there is none. */
  async sizeDamage(sha256: string): Promise<string | undefined> {
    const files = await this.manifest(sha256).catch(() => []);
    if (digestOf(files) !== sha256) return undefined; // its list is of no use
    for (const { path, bytes } of files) {
      const found = await stat(join(this.folder(sha256), path)).catch(() => undefined);
      if (!found?.isFile()) return `is damaged: ${path} is missing`;
      if (found.size !== bytes) return `is damaged: ${path} has ${found.size} bytes, ${bytes} when it was written`;
    }
    return undefined;
  }

  /** Describes damage to one file of an artifact like {@link damage}, without reading the others. @param path absolute */
  async fileDamage(path: string): Promise<string | undefined> {
    const [digest = '', ...rest] = relative(this.#folder, path).split(sep);
    const name = rest.join('/');
    const files = await this.manifest(digest).catch(() => []);
    if (digestOf(files) !== digest) return this.damage(digest); // its list is of no use
    const found = await sha256File(path).catch(() => undefined);
    if (found !== undefined && found === files.find((file) => file.path === name)?.sha256) return undefined;
    return found === undefined
      ? `is damaged: ${name} is missing`
      : `is damaged: ${name} has other bytes than when it was written`;
  }

  /** Describes the damage to the files of an artifact except those that are `left` out; undefined when they are intact. */
  async damageBut(sha256: string, left: (path: string) => boolean): Promise<string | undefined> {
    const files = await this.manifest(sha256).catch(() => []);
    if (digestOf(files) !== sha256) return this.damage(sha256); // its list is of no use
    for (const { path } of files) {
      const damage = left(path) ? undefined : await this.fileDamage(join(this.folder(sha256), path));
      if (damage !== undefined) return damage;
    }
    return undefined;
  }

  /** Verifies files of any artifacts. @throws RunError when one is damaged */
  async verifyFiles(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      const damage = await this.fileDamage(path);
      const [digest = ''] = relative(this.#folder, path).split(sep);
      if (damage !== undefined) throw new RunError(`Artifact ${digest.slice(0, 12)} ${damage}.`);
    }
  }

  /** Returns the list of an artifact's files as committed. */
  async manifest(sha256: string): Promise<ManifestFile[]> {
    return JSON.parse(await readFile(this.#manifestFile(sha256), 'utf8')) as ManifestFile[];
  }

  /** Lists all artifacts with their commit times in milliseconds since 1970. */
  async list(): Promise<{ sha256: string; changedAt: number }[]> {
    const names = (await readdir(this.#folder).catch(() => [])).filter((name) => /^[0-9a-f]{64}$/.test(name));
    const stats = await Promise.all(names.map((name) => stat(join(this.#folder, name)).catch(() => undefined)));
    return names.flatMap((sha256, i) => (stats[i] ? [{ sha256, changedAt: stats[i].ctimeMs }] : []));
  }

  async remove(sha256: string): Promise<void> {
    await discard(this.folder(sha256));
    await rm(this.#manifestFile(sha256), { force: true });
  }
}

/** Returns the total size of the files in a folder, in bytes. */
export async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(
    files.map((path) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function discard(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}

function digestOf(files: readonly ManifestFile[]): string {
  return sha256(canonicalJson(files));
}

function totalBytes(files: readonly ManifestFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Lists the files below `folder`, sorted by path. Calls `visit` with the path of each. */
async function listFiles(
  folder: string,
  visit?: (path: string) => Promise<void>,
  prefix = '',
): Promise<ManifestFile[]> {
  const files: ManifestFile[] = [];
  const entries = await readdir(join(folder, prefix), { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    const absolute = join(folder, path);
    if (entry.isDirectory()) files.push(...(await listFiles(folder, visit, path)));
    else if (!entry.isFile())
      throw new RunError(`${absolute} is neither a file nor a folder; an artifact may hold nothing else.`);
    else {
      await visit?.(absolute);
      files.push({ path, bytes: (await stat(absolute)).size, sha256: await sha256File(absolute) });
    }
  }
  return files;
}

/** Syncs a file to disk and makes it read-only, since an artifact never changes. */
async function settle(path: string): Promise<void> {
  await syncFile(path);
  await chmod(path, 0o444);
}
