import { isDeepStrictEqual } from 'node:util';
import { readConfig } from '../../pipeline/config/config-file.ts';
import type { Home } from '../../pipeline/runs/home.ts';
import { publicConfig } from '../../registry/notify/notify-secrets.ts';
import { configurationSource, type ConfigurationOptions } from '../configuration.ts';

/** Where a value is from: the configuration's file, or what the command adds (`--set`, `--prompts`, `--against`). */
type Origin = 'file' | 'set';

export interface ShownConfiguration {
  file: string;
  /** All settings, defaults included; paths are as they were written, secrets of hooks are left out. */
  settings: object;
  /** The origin of each value that is not a default, by its path: `tuneEncoder.steps`, `rewards.0.weight`. */
  from: Record<string, Origin>;
}

/**
 * Reads the whole configuration of a run, defaults included, and says where each value is from. Fetches nothing.
 * @throws InputError that names the file and the key
 * @example
 * ```ts
 * import { showConfiguration } from './api/settings/show-configuration.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const options = { set: ['seed=2'], folder: process.cwd(), hub: { cache: 'hub' } };
 * const { from } = await showConfiguration(new Home('.textcraftor'), options);
 * console.log(from['seed']); // set
 * ```
 */
export async function showConfiguration(home: Home, options: ConfigurationOptions): Promise<ShownConfiguration> {
  const { pipeline, config } = await configurationSource(home, options);
  const { written, given, checked } = await readConfig(pipeline, config);
  const settings = publicConfig(checked);
  const from: Record<string, Origin> = {};
  for (const path of leaves(settings)) {
    const own = at(given, path);
    if (own === undefined) continue;
    from[path.join('.')] = isDeepStrictEqual(own, at(written, path)) ? 'file' : 'set';
  }
  return { file: config.file, settings, from };
}

/** Lists the paths of the values: what is neither an object nor a list with objects. */
function leaves(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null || isPlainList(value)) return [[...path]];
  return Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]));
}

/**
 * Returns whether a value is a list of plain values, which is shown on one line.
 * @example
 * ```ts
 * import { isPlainList } from './api/settings/show-configuration.ts';
 *
 * console.log(isPlainList([0.25, 0.5]), isPlainList([{ name: 'clip' }])); // true false
 * ```
 */
export const isPlainList = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item !== 'object' || item === null);

const at = (root: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined,
    root,
  );
