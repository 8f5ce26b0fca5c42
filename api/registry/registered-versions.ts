import { InputError } from '../../common/errors.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { aliasesOf, type AliasChange } from '../../registry/aliases.ts';
import { resolveVersion } from '../../registry/reference.ts';
import { versionFolders } from '../../registry/version-folders.ts';
import type { EncoderVersion } from '../../registry/version.ts';
import { Registry } from '../../registry/versions.ts';

/** The versions of each name, oldest first, and the version that each alias points at. */
export type VersionList = Record<string, { aliases: Record<string, number>; versions: EncoderVersion[] }>;

/**
 * Lists the registered encoders.
 * @param name undefined for all names
 * @throws InputError when nothing is registered under the name
 * @example
 * ```ts
 * import { listVersions } from './api/registry/registered-versions.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const list = await listVersions(new Home('.textcraftor'));
 * for (const [name, { aliases, versions }] of Object.entries(list))
 *   console.log(name, aliases['production'], versions.length);
 * ```
 */
export async function listVersions(home: Home, name?: string): Promise<VersionList> {
  const registry = new Registry(home);
  const names = await registry.names();
  if (name !== undefined && !names.includes(name))
    throw new InputError(`Nothing is registered as "${name}"; registered: ${names.join(', ') || 'nothing yet'}.`);
  const list: VersionList = {};
  for (const each of name === undefined ? names : [name]) {
    const { current } = await registry.aliases(each);
    list[each] = { aliases: current, versions: await registry.versions(each) };
  }
  return list;
}

/** A version with its aliases, its files and the history of its aliases. */
export interface ShownVersion extends EncoderVersion {
  aliases: string[];
  /** The chosen text encoder, in transformers' layout. */
  path: string;
  /** The exported encoder in the same layout; null when there is none. */
  exportedPath: string | null;
  history: AliasChange[];
}

/**
 * Reads a registered encoder, after verifying its files.
 * @param reference NAME@NUMBER or NAME@ALIAS; if only one name is registered, the number or alias alone
 * @throws InputError when there is no such version; RunError when its files are missing or damaged
 * @example
 * ```ts
 * import { showVersion } from './api/registry/registered-versions.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { path, exportedPath, comparisons } = await showVersion(new Home('.textcraftor'), 'tiny@production');
 * ```
 */
export async function showVersion(home: Home, reference: string): Promise<ShownVersion> {
  const registry = new Registry(home);
  const version = await resolveVersion(registry, reference);
  const { current, history } = await registry.aliases(version.name);
  const own = history.filter(({ from, to }) => from === version.version || to === version.version);
  const { encoder: path, exported: exportedPath = null } = await versionFolders(home, version);
  return { ...version, aliases: aliasesOf(current, version.version), path, exportedPath, history: own };
}
