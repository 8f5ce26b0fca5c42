import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { lstat, mkdir, open, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { HubApiError } from '@huggingface/hub';
import { CancelledError, RetryableError } from '../errors.ts';
import { isFolder } from '../files.ts';
import { setAside } from '../files/set-aside.ts';
import { hubFailure } from './hub-failure.ts';
import { HUB_ENDPOINT, type HubOptions, type HubRepo } from './options.ts';

/** A file as the hub lists it. */
export interface HubFile {
  /** Path within the repository. */
  path: string;
  size: number;
  /** sha256 of a large file's content (64 digits), or git's own digest of a small one (40). */
  digest: string;
}

interface Place {
  repo: HubRepo;
  commit: string;
  file: HubFile;
  /** The repository's folder in the cache; its `blobs/` holds the contents, named by digest. */
  root: string;
  /** The commit's folder, where a link with the file's name leads to its content. */
  folder: string;
}

type Options = Omit<HubOptions, 'progress'> & { progress: (bytes: number) => void };

/** Number of times an interrupted transfer is resumed, and the pause before the first; the pause doubles each time. */
const ATTEMPTS = 5;
const PAUSE_MILLISECONDS = 250;

/** Makes a file appear in the commit's folder, whole and with the right digest. */
export async function fetchFile(place: Place, options: Options): Promise<void> {
  const { file, root, folder } = place;
  const path = join(folder, file.path);
  if (await holds(path, file)) return options.progress(file.size);
  const blob = join(root, 'blobs', file.digest);
  if (!(await holds(blob, file))) {
    if (existsSync(blob)) await setAside(blob, `is not the ${file.size} bytes that the hub has`);
    await fetchContent(place, blob, options);
  }
  await mkdir(dirname(path), { recursive: true });
  // Either a link whose content is gone, or something else that is not ours to delete.
  if (existsSync(path) && !(await lstat(path)).isSymbolicLink()) await setAside(path, 'is not what the hub has');
  await rm(path, { force: true });
  await symlink(relative(dirname(path), blob), path);
  options.progress(file.size);
}

/**
 * Returns whether a file of the right size is present: its digest was checked on download, but it may have been cut
 * since.
 */
async function holds(path: string, { size }: HubFile): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true && found.size === size;
}

/** Downloads to `blob`, continuing from what an earlier attempt left in `blob`.incomplete. */
async function fetchContent(place: Place, blob: string, options: Options): Promise<void> {
  const { file, repo } = place;
  const partial = `${blob}.incomplete`;
  await mkdir(dirname(blob), { recursive: true });
  if (await isFolder(partial)) await setAside(partial, 'is a folder');
  for (let attempt = 1; ; attempt++) {
    try {
      await append(place, partial, options);
      break;
    } catch (error) {
      const failure = hubFailure(error, repo, options);
      if (attempt === ATTEMPTS || !(failure instanceof RetryableError)) throw failure;
      await setTimeout(PAUSE_MILLISECONDS * 2 ** (attempt - 1), undefined, { signal: options.signal }).catch(() => {
        throw new CancelledError(`The download of ${repo.id} was stopped; the next one continues from there.`);
      });
    }
  }
  const digest = await contentDigest(partial, file);
  if (digest !== file.digest) {
    await rm(partial);
    throw new RetryableError(
      `${file.path} of ${repo.id} arrived with the digest ${digest}; the hub says ${file.digest}. It was deleted: try again.`,
    );
  }
  await rename(partial, blob);
}

async function append({ repo, commit, file }: Place, partial: string, options: Options): Promise<void> {
  const { endpoint = HUB_ENDPOINT, token, signal, progress } = options;
  const target = await open(partial, 'a');
  try {
    let { size: done } = await target.stat();
    if (done > file.size) await target.truncate((done = 0));
    if (done === file.size) return;
    const path = file.path.split('/').map(encodeURIComponent).join('/');
    const url = `${endpoint}/${repo.kind === 'dataset' ? 'datasets/' : ''}${repo.id}/resolve/${commit}/${path}`;
    const response = await fetch(url, {
      headers: {
        Range: `bytes=${done}-`,
        // fetch() drops it when the hub redirects to another server.
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
      signal: signal ?? null,
    });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw new HubApiError(url, response.status, undefined, `status ${response.status} for ${url}`);
    }
    // A server without support for ranges sends the whole file.
    if (response.status !== 206) await target.truncate((done = 0));
    for await (const chunk of response.body) {
      await target.write(chunk);
      progress((done += chunk.length));
      if (done > file.size) throw new Error(`more than the ${file.size} bytes that the hub says it has`);
    }
    if (done < file.size) throw new Error(`it broke off at byte ${done} of ${file.size}`);
    await target.sync();
  } finally {
    await target.close();
  }
}

async function contentDigest(path: string, { size, digest }: HubFile): Promise<string> {
  const hash = digest.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
