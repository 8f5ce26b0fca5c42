import { downloadPrompts, isHubSource } from '../../datasets/sources/hub.ts';
import type { HubOptions } from '../../common/hub/options.ts';

/** Settings in which every `source` on a hub is where its files were downloaded to. */
export function downloadSources<T>(settings: T, hub: HubOptions): Promise<T> {
  return findPrompts(settings, (source) => localPrompts(source, hub));
}

/** Settings in which every `source` is what `find` makes of it. */
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

/** A source of prompts on this machine: itself, or what was downloaded for it. */
export async function localPrompts(source: string, hub: HubOptions): Promise<string> {
  return isHubSource(source) ? downloadPrompts(source, hub) : source;
}
