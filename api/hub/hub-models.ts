import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fromErrorRecord } from '../../common/error-record.ts';
import { InputError, TextcraftorError } from '../../common/errors.ts';
import { downloadRepo, parseHubRepo } from '../../common/hub/repository.ts';
import type { HubOptions, HubRepo } from '../../common/hub/options.ts';
import { modelFiles, tokenizerFiles } from '../../models/folder/hub-files.ts';
import { absolutePath } from '../../pipeline/config/config-file.ts';

type Choose = typeof modelFiles;
/** Finds out where a model is on this machine. */
type Find = (name: string, folder: string, choose: Choose) => Promise<string>;

/** The keys whose values may name something on a hub, and which of its files are wanted. */
const MODEL_KEYS = new Map<string, Choose>([
  ['model', modelFiles],
  ['head', modelFiles],
  ['tokenizer', tokenizerFiles],
]);

/** Settings in which every `model`, `head` and `tokenizer` that names something on a hub is where it was downloaded to. */
export function downloadModels<T>(settings: T, folder: string, hub: HubOptions): Promise<T> {
  return findModels(settings, folder, (name, from, choose) => localModel(name, from, hub, choose));
}

/** Settings in which every `model`, `head` and `tokenizer` is what `find` makes of it. */
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

/** A model, or one of its files, that a name stands for where there is no such path. */
export interface HubModel {
  repo: HubRepo;
  /** One of its files; the model when it is left out. */
  file: string | undefined;
  /** Which of the repository's files are wanted. @throws InputError when the file is not among them */
  wanted(paths: string[]): string[];
}

/** @returns undefined for a path, or what cannot be on a hub */
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

/** The error of a name that may have been meant as a path. */
export function notHere(name: string, error: unknown): unknown {
  if (!(error instanceof TextcraftorError)) return error;
  const message = `There is no file or folder ${name}; as a model on the hub: ${error.message}`;
  return fromErrorRecord({ name: error.name, message });
}

/**
 * What `name` is on this machine: itself where it is a path; what was downloaded for `owner/name[@revision]`, a model, and
 * `owner/name/path/to/file[@revision]`, one of its files.
 * @param choose the files of a whole model that are wanted
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
