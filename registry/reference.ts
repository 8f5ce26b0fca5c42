import { InputError } from '../common/errors.ts';
import { nearest } from '../common/text/nearest.ts';
import { production } from './aliases.ts';
import type { Registry } from './versions.ts';
import type { EncoderVersion } from './version.ts';

/**
 * Resolves `NAME@NUMBER`, `NAME@ALIAS`, `NAME` (in production) or, if there is only one name, `ALIAS` or `NUMBER` to a
 * version.
 * @throws InputError that names the existing ones
 */
export async function resolveVersion(registry: Registry, reference: string): Promise<EncoderVersion> {
  const names = await registry.names();
  const [first, second] = reference.split('@') as [string, string?];
  const name = names.length > 0 && (second !== undefined || names.includes(first)) ? first : onlyName(names, reference);
  const label = second ?? (name === first ? production : first);
  if (!names.includes(name))
    throw new InputError(`Nothing is registered as "${name}"; did you mean "${nearest(name, names)}"?`);
  if (/^\d+$/.test(label)) return registry.version(name, Number(label));
  const { current } = await registry.aliases(name);
  const version = Object.hasOwn(current, label) ? current[label] : undefined;
  if (version !== undefined) return registry.version(name, version);
  const others = Object.keys(current);
  throw new InputError(`${name} has no ${label}: it has ${others.join(', ') || 'no aliases'}, and version numbers.`);
}

/** Returns the only name. @throws InputError when there is none, or more than one */
export function onlyName(names: readonly string[], reference: string): string {
  if (names.length === 1) return names[0]!;
  if (names.length === 0)
    throw new InputError(`"${reference}": nothing is registered yet; a run of the pipeline registers its encoder.`);
  throw new InputError(
    `"${reference}" could belong to any of ${names.join(', ')}: say which, such as ${names[0]}@${reference}.`,
  );
}
