import { join } from 'node:path';
import type { HubOptions } from '../../common/hub/options.ts';
import { lookUpRepo } from '../../common/hub/repository.ts';
import { isHubSource, lookUpPrompts } from '../../datasets/sources/hub.ts';
import { absolutePath } from '../../pipeline/config/config-file.ts';
import { findModels, hubModel, notHere } from './hub-models.ts';
import { findPrompts } from './hub-prompts.ts';

/** A download that a run makes before it begins. */
export interface Fetch {
  kind: 'model' | 'dataset';
  /** As the configuration names it. */
  name: string;
  /** Size of the files still missing; undefined when neither the cache nor the hub knows it. */
  bytes?: number;
  /** The name as an absolute path, at which nothing exists. */
  path: string;
}

/**
 * Replaces names on a hub by paths where they are on this machine; the others are kept, and listed. Fetches nothing.
 * @throws InputError for a name that the hub refuses
 * @example
 * ```ts
 * import { lookUpHub } from './api/hub/look-up-hub.ts';
 *
 * const { fetches } = await lookUpHub({ model: 'owner/name' }, process.cwd(), { cache: 'hub' });
 * console.log(fetches.map(({ name, bytes }) => `${name}: ${bytes ?? 'unknown'}`));
 * ```
 */
export async function lookUpHub<T>(
  settings: T,
  folder: string,
  options: HubOptions,
): Promise<{ settings: T; fetches: Fetch[] }> {
  const fetches = new Map<string, Fetch>();
  const note = (kind: Fetch['kind'], name: string, bytes: number | undefined): string => {
    const path = absolutePath(name, folder);
    fetches.set(name, { kind, name, path, ...(bytes === undefined ? {} : { bytes }) });
    return name;
  };
  const withModels = await findModels(settings, folder, async (name, from, choose) => {
    const model = hubModel(name, from, choose);
    if (!model) return name;
    try {
      const { folder: found, bytes } = await lookUpRepo(model.repo, model.wanted, options);
      if (found === undefined) return note('model', name, bytes);
      return model.file === undefined ? found : join(found, model.file);
    } catch (error) {
      throw notHere(name, error);
    }
  });
  const found = await findPrompts(withModels, async (source) => {
    if (!isHubSource(source)) return source;
    const { path, bytes } = await lookUpPrompts(source, options);
    return path ?? note('dataset', source, bytes);
  });
  return { settings: found, fetches: [...fetches.values()] };
}
