import { downloadPrompts, isHubSource } from '../../datasets/sources/hub.ts';
import { hubOptions } from './hub-models.ts';

/** Settings in which every `source` on a hub is where its files were downloaded to. */
export async function downloadSources<T>(
  settings: T,
  find: (source: string) => Promise<string> = localPrompts,
): Promise<T> {
  if (Array.isArray(settings)) {
    const items: unknown[] = [];
    for (const item of settings) items.push(await downloadSources(item as unknown, find));
    return items as T;
  }
  if (typeof settings !== 'object' || settings === null) return settings;
  const entries: [string, unknown][] = [];
  for (const [key, value] of Object.entries(settings)) {
    const isSource = key === 'source' && typeof value === 'string';
    entries.push([key, isSource ? await find(value) : await downloadSources(value as unknown, find)]);
  }
  return Object.fromEntries(entries) as T;
}

/** A source of prompts on this machine: itself, or what was downloaded for it. */
export async function localPrompts(source: string): Promise<string> {
  return isHubSource(source) ? downloadPrompts(source, hubOptions()) : source;
}
