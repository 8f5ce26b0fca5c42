import { z, type ZodType } from 'zod';
import { isWorldName } from '../../world/scenes/common/world-names.ts';
import { definition, unwrap } from './config-keys.ts';

/** A path in a configuration, relative to the user's folder; or the name of an embedded world. */
export const path = z.string().min(1).meta({ path: true });

/** A program and its arguments. A path with a slash is made absolute; any other name is looked for in PATH. */
export const command = z.array(z.string().min(1)).min(1).meta({ command: true });

/** Makes every {@link path} and program of a {@link command} absolute. Keys that are not in the schema stay unchanged. */
export function resolvePaths<T>(schema: ZodType, settings: T, absolute: (path: string) => string): T {
  const at = unwrap(schema);
  const { shape, element, options } = definition(at);
  if (Array.isArray(options)) {
    const own = options.find((option) => option.safeParse(settings).success);
    return own ? resolvePaths(own, settings, absolute) : settings;
  }
  if (typeof settings === 'string')
    return (at.meta()?.['path'] && !isWorldName(settings) ? absolute(settings) : settings) as T;
  if (at.meta()?.['command'] && Array.isArray(settings)) {
    const [program, ...words] = settings as unknown as [string, ...string[]];
    return [program.includes('/') ? absolute(program) : program, ...words] as T;
  }
  if (Array.isArray(settings))
    return (element ? settings.map((item: unknown) => resolvePaths(element, item, absolute)) : settings) as T;
  if (!shape || typeof settings !== 'object' || settings === null) return settings;
  const entries = Object.entries(settings).map(([key, value]): [string, unknown] => [
    key,
    shape[key] ? resolvePaths(shape[key], value as unknown, absolute) : value,
  ]);
  return Object.fromEntries(entries) as T;
}
