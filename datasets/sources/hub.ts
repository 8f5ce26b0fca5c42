import { InputError } from '../../common/errors.ts';
import type { HubOptions, HubRepo } from '../../common/hub/options.ts';
import { fitsPattern } from '../../common/files/pattern.ts';
import { downloadRepo, lookUpRepo, parseHubRepo } from '../../common/hub/repository.ts';

const scheme = 'hf://datasets/';
/** File extensions of data sets, best first: files of only one kind are taken, packed or not. */
const kinds = ['parquet', 'arrow', 'jsonl', 'ndjson', 'json', 'csv', 'tsv', 'txt'];
/** Revision where the hub keeps its Parquet conversion of each data set; other programs call it `~parquet`. */
const parquetBranch = 'refs/convert/parquet';
const parquetAlias = '~parquet';

interface HubPrompts {
  repo: HubRepo;
  /** A file, or a pattern of files. */
  pattern: string | undefined;
}

/** Returns whether prompts come from a hub. */
export function isHubSource(source: string): boolean {
  return source.startsWith('hf://');
}

/**
 * Downloads the files of a source on a Hugging Face hub, or finds them in the cache:
 * `hf://datasets/OWNER/NAME[@REVISION][/FILE or pattern]`. Without a pattern, takes all of the data set's Parquet files, or
 * those of its next best kind; the revision `~parquet` is the hub's own conversion of other kinds.
 * @returns a local file, or a pattern of local files
 * @throws InputError for any other form, and for a data set without such files
 */
export async function downloadPrompts(source: string, options: HubOptions): Promise<string> {
  const { repo, choose, chosen } = wantedOf(source);
  const { folder } = await downloadRepo(repo, choose, options);
  return `${folder}/${chosen()}`;
}

/**
 * Looks up what {@link downloadPrompts} would fetch, without fetching it.
 * @returns `path` if everything is already there
 */
export async function lookUpPrompts(source: string, options: HubOptions): Promise<{ path?: string; bytes?: number }> {
  const { repo, choose, chosen } = wantedOf(source);
  const { folder, ...found } = await lookUpRepo(repo, choose, options);
  return folder === undefined ? found : { path: `${folder}/${chosen()}`, ...found };
}

/** Parses a hub source. @returns `chosen`: the choice of `choose`, once it was called */
function wantedOf(source: string) {
  const { repo, pattern } = parseHubSource(source);
  let chosen = pattern ?? '';
  const choose = (paths: string[]): string[] => {
    chosen = pattern ?? bestPattern(source, paths);
    const files = paths.filter((path) => fitsPattern(path, chosen));
    if (files.length === 0)
      throw new InputError(`${source}: no such file; the data set has ${paths.slice(0, 20).join(', ')}.`);
    return files;
  };
  return { repo, choose, chosen: () => chosen };
}

function bestPattern(source: string, paths: readonly string[]): string {
  for (const kind of kinds) {
    const pattern = `**/*.${kind}{,.gz,.zst}`;
    if (paths.some((path) => fitsPattern(path, pattern))) return pattern;
  }
  throw new InputError(
    `${source}: no prompt files (${kinds.map((kind) => `.${kind}`).join(', ')}); the data set has ${paths.slice(0, 20).join(', ')}.`,
  );
}

function parseHubSource(source: string): HubPrompts {
  const found = /^([^/@]+\/[^/@]+)(?:@(refs\/convert\/[^/]+|[^/]+))?(?:\/(.+))?$/.exec(source.slice(scheme.length));
  const [, id = '', revision, pattern] = found ?? [];
  const branch = revision === parquetAlias ? parquetBranch : revision;
  const repo = parseHubRepo('dataset', branch === undefined ? id : `${id}@${branch}`);
  if (!source.startsWith(scheme) || !repo)
    throw new InputError(`${source}: expected ${scheme}OWNER/NAME, or ${scheme}OWNER/NAME@REVISION/data/*.parquet.`);
  return { repo, pattern };
}
