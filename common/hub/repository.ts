/**
 * Downloads chosen files of model and data set repositories on a Hugging Face hub into a cache laid out like that of
 * Python's huggingface_hub, so each uses what the other has downloaded. Reads no environment variables: cli/ finds the
 * token, the endpoint and the cache. Every folder may import it.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { datasetInfo, listFiles, modelInfo } from '@huggingface/hub';
import { InputError, RetryableError } from '../errors.ts';
import { isFolder, writeFileAtomic } from '../files.ts';
import { readSealed, writeSealed } from '../files/sealed.ts';
import { setAside } from '../files/set-aside.ts';
import { hubFailure } from './hub-failure.ts';
import { fetchFile, type HubFile } from './file.ts';
import { HUB_ENDPOINT, type HubOptions, type HubRepo } from './options.ts';

export interface HubSnapshot {
  /** Folder that holds the files under their names in the repository. */
  folder: string;
  /** The commit that the revision resolved to. */
  commit: string;
  /** The chosen files. */
  files: string[];
}

const COMMIT = /^[0-9a-f]{40}$/;
const ID = /^(?<id>[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)(?:@(?<revision>[\w-][\w.-]*(?:\/[\w-][\w.-]*)*))?$/;

/** Parses `owner/name` or `owner/name@revision`; undefined for any other text. */
export function parseHubRepo(kind: HubRepo['kind'], text: string): HubRepo | undefined {
  const found = ID.exec(text)?.groups;
  return found && { kind, id: found['id']!, revision: found['revision'] };
}

/**
 * Downloads files of a repository, or finds them in the cache. A commit in the cache needs no network; a branch is
 * looked up, and falls back to its last known commit when the hub is out of reach. Interrupted downloads continue where
 * they stopped, and a file appears only once its digest is right.
 *
 *     const { folder, files } = await downloadRepo(
 *       { kind: 'dataset', id: 'owner/prompts', revision: 'main' },
 *       (paths) => paths.filter((path) => path.endsWith('.parquet')),
 *       { cache },
 *     );
 *
 * @param choose picks the files to download from the repository's; throws when they are missing
 * @throws InputError for an id, revision or access that is refused; RetryableError when the hub or the network fails
 */
export async function downloadRepo(
  repo: HubRepo,
  choose: (paths: string[]) => string[],
  options: HubOptions,
): Promise<HubSnapshot> {
  const root = rootOf(repo, options);
  const { commit, files } = await contents(repo, root, options);
  const chosen = new Set(choose(files.map(({ path }) => path)));
  const wanted = files.filter(({ path }) => chosen.has(path));
  const folder = join(root, 'snapshots', commit);
  const total = wanted.reduce((sum, { size }) => sum + size, 0);
  let before = 0;
  for (const file of wanted) {
    const progress = (bytes: number) => options.progress?.({ file: file.path, done: before + bytes, total });
    await fetchFile({ repo, commit, file, root, folder }, { ...options, progress });
    before += file.size;
  }
  return { folder, commit, files: wanted.map(({ path }) => path) };
}

/** The outcome that a download would have. */
export interface HubLookUp {
  /** Folder that holds the files, if all of them are present. */
  folder?: string;
  /** The files still to fetch; undefined if unknown. */
  bytes?: number;
}

/** Time limit for a look-up on the hub. */
const lookUpMilliseconds = 3000;

/**
 * Finds out what {@link downloadRepo} would fetch, without fetching or writing anything. Asks the hub for the list of
 * files where the cache does not know it; the hub need not answer.
 * @throws InputError for anything that the hub or `choose` refuses
 */
export async function lookUpRepo(
  repo: HubRepo,
  choose: (paths: string[]) => string[],
  options: HubOptions,
): Promise<HubLookUp> {
  const root = rootOf(repo, options);
  const look = ({ commit, files }: Contents): Required<Pick<HubLookUp, 'bytes'>> & HubLookUp => {
    const chosen = new Set(choose(files.map(({ path }) => path)));
    const folder = join(root, 'snapshots', commit);
    const missing = files.filter(
      ({ path, digest }) =>
        chosen.has(path) && !existsSync(join(folder, path)) && !existsSync(join(root, 'blobs', digest)),
    );
    const linked = [...chosen].every((path) => existsSync(join(folder, path)));
    return { bytes: missing.reduce((sum, { size }) => sum + size, 0), ...(linked ? { folder } : {}) };
  };
  const revision = repo.revision ?? 'main';
  const last = COMMIT.test(revision) ? revision : await readFile(join(root, 'refs', revision), 'utf8').catch(() => '');
  const kept = COMMIT.test(last) ? await keptContents(repo, root, last) : undefined;
  const known = kept && look(kept);
  if (known?.folder !== undefined) return known;
  const asking = { ...options, signal: AbortSignal.timeout(lookUpMilliseconds) };
  try {
    return look(await ask(repo, revision, asking));
  } catch (error) {
    const failure = hubFailure(error, repo, { ...options, signal: undefined });
    if (failure instanceof InputError) throw failure;
    return known ?? {};
  }
}

/**
 * Returns the repository's folder in the cache.
 * @throws InputError for an id or revision that does not name a repository
 */
function rootOf({ kind, id, revision = 'main' }: HubRepo, { cache }: HubOptions): string {
  if (!parseHubRepo(kind, `${id}@${revision}`))
    throw new InputError(
      `"${id}" with the revision ${revision} does not name a repository; expected owner/name@revision.`,
    );
  return join(cache, `${kind}s--${id.replaceAll('/', '--')}`);
}

interface Contents {
  commit: string;
  files: HubFile[];
}

/** Returns a commit's files as listed earlier; undefined if they were not, or if the list is damaged. */
async function keptContents(repo: HubRepo, root: string, commit: string): Promise<Contents | undefined> {
  const found = await readSealed<{ files: unknown }>(join(root, 'listings', `${commit}.json`)).catch(() => undefined);
  return found && { commit, files: checked(repo, found.files) };
}

/** Returns the commit and its files, which are listed once per commit. */
async function contents(repo: HubRepo, root: string, options: HubOptions): Promise<Contents> {
  const revision = repo.revision ?? 'main';
  const kept = (commit: string) => keptContents(repo, root, commit);
  const ref = join(root, 'refs', revision);
  const known = COMMIT.test(revision) ? await kept(revision) : undefined;
  if (known) return known;
  try {
    const found = await ask(repo, revision, options);
    await writeSealed(join(root, 'listings', `${found.commit}.json`), { files: found.files });
    if (revision !== found.commit) await writeRef(ref, found.commit);
    return found;
  } catch (error) {
    const failure = hubFailure(error, repo, options);
    const last = failure instanceof RetryableError ? await readFile(ref, 'utf8').catch(() => '') : '';
    const files = COMMIT.test(last) ? await kept(last) : undefined;
    if (files) return files;
    throw failure;
  }
}

/** Written as a plain file, as Python does. */
async function writeRef(ref: string, commit: string): Promise<void> {
  if (await isFolder(ref)) await setAside(ref, 'is a folder');
  await writeFileAtomic(ref, commit);
}

async function ask(repo: HubRepo, revision: string, options: HubOptions): Promise<Contents> {
  const { id: name, kind: type } = repo;
  const to = {
    hubUrl: options.endpoint ?? HUB_ENDPOINT,
    ...(options.token === undefined ? {} : { accessToken: options.token }),
    fetch: ((url, init) => fetch(url, { ...init, signal: options.signal ?? null })) as typeof fetch,
  };
  const about = { ...to, name, revision, additionalFields: ['sha' as const] };
  const { sha: commit } = type === 'model' ? await modelInfo(about) : await datasetInfo(about);
  if (!COMMIT.test(commit)) throw new Error(`it names the commit ${JSON.stringify(commit)} for ${revision}`);
  const files: unknown[] = [];
  for await (const entry of listFiles({ ...to, repo: { type, name }, revision: commit, recursive: true }))
    if (entry.type === 'file') files.push({ path: entry.path, size: entry.size, digest: entry.lfs?.oid ?? entry.oid });
  return { commit, files: checked(repo, files) };
}

/** Paths and names from the hub become paths here, so they are checked. */
function checked(repo: HubRepo, files: unknown): HubFile[] {
  for (const { path, size, digest } of files as HubFile[])
    if (!isPlain(path) || !Number.isSafeInteger(size) || !/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(digest))
      throw new InputError(
        `The hub lists the file ${JSON.stringify(path)} of ${repo.id} with ${size} bytes and the digest ${digest}; expected a relative path, a size and a digest. Nothing was downloaded.`,
      );
  return files as HubFile[];
}

const isPlain = (path: unknown): boolean =>
  typeof path === 'string' && path.split('/').every((part) => !['', '.', '..'].includes(part) && !/[\\\0]/.test(part));
