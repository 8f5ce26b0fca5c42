import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fromErrorRecord } from '../../common/error-record.ts';
import { InputError, TextcraftorError } from '../../common/errors.ts';
import { downloadRepo, parseHubRepo } from '../../common/hub/repository.ts';
import type { HubOptions, HubRepo } from '../../common/hub/options.ts';
import { modelFiles, tokenizerFiles } from '../../models/folder/hub-files.ts';
import { absolutePath } from '../../pipeline/config/config-file.ts';

type Choose = typeof modelFiles;
/** Returns the path of a model on this machine. */
type Find = (name: string, folder: string, choose: Choose) => Promise<string>;

/** The keys whose values may name a model on a hub, and how to choose its files. */
const MODEL_KEYS = new Map<string, Choose>([
  ['model', modelFiles],
  ['head', modelFiles],
  ['tokenizer', tokenizerFiles],
]);

/**
 * Returns the settings with every `model`, `head` and `tokenizer` on a hub downloaded and replaced by its path.
 * @example
 * ```ts
 * import { downloadModels } from './api/hub/hub-models.ts';
 *
 * const named = { model: 'owner/name', rewards: [{ model: 'owner/clip@main' }] };
 * const { model } = await downloadModels(named, process.cwd(), { cache: 'hub' });
 * ```
 */
export function downloadModels<T>(settings: T, folder: string, hub: HubOptions): Promise<T> {
  return findModels(settings, folder, (name, from, choose) => localModel(name, from, hub, choose));
}

/**
 * Returns the settings with every `model`, `head` and `tokenizer` replaced by what `find` returns for it.
 * @example
 * ```ts
 * import { findModels } from './api/hub/hub-models.ts';
 *
 * const names: string[] = [];
 * await findModels({ model: 'owner/name', rewards: [{ model: 'owner/clip' }] }, process.cwd(), (name) => {
 *   names.push(name);
 *   return Promise.resolve(name);
 * });
 * ```
 */
export async function findModels<T>(settings: T, folder: string, find: Find): Promise<T> {
  if (Array.isArray(settings)) {
    const items: unknown[] = [];
    for (const item of settings) items.push(await findModels(item, folder, find));
    return items as T;
  }
  if (typeof settings !== 'object' || settings === null) return settings;
  const entries: [string, unknown][] = [];
  for (const [key, value] of Object.entries(settings)) {
    const choose = typeof value === 'string' ? MODEL_KEYS.get(key) : undefined;
    entries.push([
      key,
      choose ? await find(value as string, folder, choose) : await findModels(value as unknown, folder, find),
    ]);
  }
  return Object.fromEntries(entries) as T;
}

/** A model on a hub, or one of its files. */
export interface HubModel {
  repo: HubRepo;
  /** One of its files; undefined for the whole model. */
  file: string | undefined;
  /** Chooses files of the repository. @throws InputError when `file` is not among them */
  wanted(paths: string[]): string[];
}

/**
 * Parses the name of a model on a hub.
 * @returns undefined for an existing path, and for a name that no hub can have
 * @example
 * ```ts
 * import { hubModel } from './api/hub/hub-models.ts';
 * import { modelFiles } from './models/folder/hub-files.ts';
 *
 * const model = hubModel('owner/name/head.pth@main', process.cwd(), modelFiles);
 * console.log(model?.repo, model?.file);
 * ```
 */
export function hubModel(name: string, folder: string, choose: Choose): HubModel | undefined {
  if (existsSync(absolutePath(name, folder))) return undefined;
  const [, id = '', file, revision = ''] = /^([\w.-]+\/[\w.-]+)(?:\/([^@]+))?(@.+)?$/.exec(name) ?? [];
  const repo = parseHubRepo('model', id + revision);
  if (!repo) return undefined;
  const wanted = (paths: string[]): string[] => {
    if (file === undefined) return choose(paths);
    if (!paths.includes(file))
      throw new InputError(`The model ${id} has no file ${file}; it has ${paths.slice(0, 20).join(', ')}.`);
    return [file];
  };
  return { repo, file, wanted };
}

/**
 * Adds to a hub's error that the name is not a path here either.
 * @example
 * ```ts
 * import { hubModel, notHere } from './api/hub/hub-models.ts';
 * import { downloadRepo } from './common/hub/repository.ts';
 * import { modelFiles } from './models/folder/hub-files.ts';
 *
 * const name = 'owner/name';
 * const model = hubModel(name, process.cwd(), modelFiles);
 * if (model)
 *   await downloadRepo(model.repo, model.wanted, { cache: 'hub' }).catch((error: unknown) => {
 *     throw notHere(name, error);
 *   });
 * ```
 */
export function notHere(name: string, error: unknown): unknown {
  if (!(error instanceof TextcraftorError)) return error;
  const message = `There is no file or folder ${name}; as a model on the hub: ${error.message}`;
  return fromErrorRecord({ name: error.name, message });
}

/**
 * Returns the path of a model on this machine: `name` itself when it is a path; else downloads `owner/name[@revision]`,
 * a model, or `owner/name/path/to/file[@revision]`, one of its files.
 * @param choose chooses the files of a whole model
 * @example
 * ```ts
 * import { localModel } from './api/hub/hub-models.ts';
 *
 * const hub = { cache: '/home/me/.cache/huggingface/hub' };
 * const folder = await localModel('owner/name@main', process.cwd(), hub);
 * ```
 */
export async function localModel(
  name: string,
  folder: string,
  hub: HubOptions,
  choose: Choose = modelFiles,
): Promise<string> {
  const model = hubModel(name, folder, choose);
  if (!model) return name;
  try {
    const { folder: found } = await downloadRepo(model.repo, model.wanted, hub);
    return model.file === undefined ? found : join(found, model.file);
  } catch (error) {
    throw notHere(name, error);
  }
}
