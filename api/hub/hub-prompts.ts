import { downloadPrompts, isHubSource } from '../../datasets/sources/hub.ts';
import type { HubOptions } from '../../common/hub/options.ts';

/**
 * Returns the settings with every `source` on a hub downloaded and replaced by its path.
 * @example
 * ```ts
 * import { downloadSources } from './api/hub/hub-prompts.ts';
 *
 * const named = { prompts: { source: 'hf://datasets/OWNER/NAME' } };
 * const { prompts } = await downloadSources(named, { cache: 'hub' });
 * ```
 */
export function downloadSources<T>(settings: T, hub: HubOptions): Promise<T> {
  return findPrompts(settings, (source) => localPrompts(source, hub));
}

/**
 * Returns the settings with every `source` replaced by what `find` returns for it.
 * @example
 * ```ts
 * import { resolve } from 'node:path';
 * import { findPrompts } from './api/hub/hub-prompts.ts';
 *
 * const named = { prompts: { source: 'inbox' } };
 * const { prompts } = await findPrompts(named, (source) => Promise.resolve(resolve(source)));
 * ```
 */
export async function findPrompts<T>(settings: T, find: (source: string) => Promise<string>): Promise<T> {
  if (Array.isArray(settings)) {
    const items: unknown[] = [];
    for (const item of settings) items.push(await findPrompts(item as unknown, find));
    return items as T;
  }
  if (typeof settings !== 'object' || settings === null) return settings;
  const entries: [string, unknown][] = [];
  for (const [key, value] of Object.entries(settings)) {
    const isSource = key === 'source' && typeof value === 'string';
    entries.push([key, isSource ? await find(value) : await findPrompts(value as unknown, find)]);
  }
  return Object.fromEntries(entries) as T;
}

/**
 * Returns the path of a source of prompts on this machine, downloaded first if it is on a hub.
 * @example
 * ```ts
 * import { localPrompts } from './api/hub/hub-prompts.ts';
 *
 * const path = await localPrompts('hf://datasets/OWNER/NAME', { cache: 'hub' });
 * ```
 */
export async function localPrompts(source: string, hub: HubOptions): Promise<string> {
  return isHubSource(source) ? downloadPrompts(source, hub) : source;
}
