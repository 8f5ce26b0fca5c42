import type { Home } from '../../pipeline/runs/home.ts';
import { production, type AliasChange } from '../../registry/aliases.ts';
import { onlyName, resolveVersion } from '../../registry/reference.ts';
import { Registry, type Promotion } from '../../registry/versions.ts';

/**
 * Promotes a version to production if it passes its gate against the original encoder and the version in production.
 * @param reference NAME@NUMBER or NAME@ALIAS; if only one name is registered, the number or alias alone
 * @param force promotes it regardless; the reasons overruled are recorded
 * @returns the outcome, which has the reasons if the gate refuses the version
 * @throws InputError when there is no such version
 * @example
 * ```ts
 * import { promoteVersion } from './api/registry/move-aliases.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { promoted, refused } = await promoteVersion(new Home('.textcraftor'), 'tiny@candidate');
 * if (!promoted) console.log(refused.join('\n'));
 * ```
 */
export async function promoteVersion(
  home: Home,
  reference: string,
  { force = false }: { force?: boolean | undefined } = {},
): Promise<Promotion & { name: string }> {
  const registry = new Registry(home);
  const { name, version } = await resolveVersion(registry, reference);
  return { name, ...(await registry.promote(name, version, force)) };
}

/**
 * Returns the previous version to production.
 * @param name may be left out if only one name is registered
 * @throws InputError when no other version was in production before
 * @example
 * ```ts
 * import { rollBack } from './api/registry/move-aliases.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { name, from, to } = await rollBack(new Home('.textcraftor'));
 * ```
 */
export async function rollBack(home: Home, name?: string): Promise<AliasChange & { name: string }> {
  const registry = new Registry(home);
  const each = name ?? onlyName(await registry.names(), production);
  return { name: each, ...(await registry.rollback(each)) };
}

/**
 * Points an alias of the user's own at a version.
 * @param reference as for {@link promoteVersion}
 * @throws InputError for an invalid alias, for `candidate` and `production`, and when there is no such version
 * @example
 * ```ts
 * import { setAlias } from './api/registry/move-aliases.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { name, version } = await setAlias(new Home('.textcraftor'), 'staging', 'tiny@3');
 * ```
 */
export async function setAlias(
  home: Home,
  alias: string,
  reference: string,
): Promise<{ alias: string; name: string; version: number }> {
  const registry = new Registry(home);
  const { name, version } = await resolveVersion(registry, reference);
  await registry.alias(name, alias, version);
  return { alias, name, version };
}
