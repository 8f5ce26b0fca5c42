import { resolve } from 'node:path';
import { InputError } from '../common/errors.ts';
import type { HubOptions } from '../common/hub/options.ts';
import { isHubSource } from '../datasets/sources/hub.ts';
import type { CommonSettings } from '../pipeline/common-settings.ts';
import { absolutePath, loadConfig, type ConfigSource } from '../pipeline/config/config-file.ts';
import { defaultPipeline, loadPipeline } from '../pipeline/load.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { Home } from '../pipeline/runs/home.ts';
import { resolveVersion } from '../registry/reference.ts';
import { asChampion } from '../registry/version-folders.ts';
import { Registry } from '../registry/versions.ts';
import { useStyleEncoders } from './encoders/style-encoders.ts';
import { downloadModels } from './hub/hub-models.ts';
import { downloadSources } from './hub/hub-prompts.ts';
import { lookUpHub, type Fetch } from './hub/look-up-hub.ts';
import { withoutForms } from './replaced-source.ts';

export interface ConfigurationOptions {
  /** A YAML file; default: configs/tiny.yaml. */
  file?: string | undefined;
  /**
   * Prompts to use instead of `prompts.source`: a file, folder or pattern, or hf://datasets/OWNER/NAME. What the file says
   * about the form of its own source (`column`, `encoding`, `comments`, `split`) is left out.
   */
  prompts?: string | undefined;
  /** Changed settings, `key=value`; one key given twice with different values is refused. */
  set?: readonly string[] | undefined;
  /** A module that exports `pipeline`; default: TextCraftor's own. */
  pipeline?: string | undefined;
  /** A registered encoder to compare the result with, such as `production`. */
  against?: string | undefined;
  /** Relative paths start here. */
  folder: string;
  hub: HubOptions;
}

/** A pipeline and its settings. */
export interface Configuration {
  /** The argument of {@link loadPipeline}. */
  source: string;
  pipeline: Pipeline;
  settings: CommonSettings;
}

/**
 * Reads a configuration, and downloads the models and prompts that it names on the hub.
 * @throws InputError that names the file and the key
 * @example
 * ```ts
 * import { homedir } from 'node:os';
 * import { join } from 'node:path';
 * import { readConfiguration } from './api/configuration.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const { settings } = await readConfiguration(new Home('.textcraftor'), {
 *   file: 'configs/tiny.yaml',
 *   set: ['tuneEncoder.steps=20'],
 *   folder: process.cwd(),
 *   hub: { cache: join(homedir(), '.cache/huggingface/hub') },
 * });
 * console.log(settings.name);
 * ```
 */
export async function readConfiguration(home: Home, options: ConfigurationOptions): Promise<Configuration> {
  const { folder, hub } = options;
  return read(home, options, async (checked) => downloadSources(await downloadModels(checked, folder, hub), hub));
}

/**
 * Reads a configuration without downloading anything: what a run would fetch is listed, and its names stay in the
 * settings.
 * @throws InputError as {@link readConfiguration}
 * @example
 * ```ts
 * import { lookUpConfiguration } from './api/configuration.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const options = { file: 'configs/sd15.yaml', folder: process.cwd(), hub: { cache: 'hub' } };
 * const { fetches } = await lookUpConfiguration(new Home('.textcraftor'), options);
 * console.log(fetches.map(({ name, bytes }) => `${name}: ${bytes ?? 'unknown'}`));
 * ```
 */
export async function lookUpConfiguration(
  home: Home,
  options: ConfigurationOptions,
): Promise<Configuration & { fetches: Fetch[] }> {
  const fetches: Fetch[] = [];
  const configuration = await read(home, options, async (checked) => {
    const found = await lookUpHub(checked, options.folder, options.hub);
    fetches.push(...found.fetches);
    return found.settings;
  });
  return { ...configuration, fetches };
}

/** @param fetch replaces names on a hub by paths */
async function read(
  home: Home,
  options: ConfigurationOptions,
  fetch: <T>(checked: T) => Promise<T>,
): Promise<Configuration> {
  const { source, pipeline, config } = await configurationSource(home, options);
  const find = async <T>(checked: T): Promise<T> => fetch(await useStyleEncoders(home, checked, options.folder));
  return { source, pipeline, settings: await loadConfig(pipeline, { ...config, fetch: find }) };
}

/**
 * Finds the pipeline and the file of a configuration, and what overrides it.
 * @throws InputError when the pipeline cannot be loaded, needs a configuration, or the version is unknown
 * @example
 * ```ts
 * import { configurationSource } from './api/configuration.ts';
 * import { Home } from './pipeline/runs/home.ts';
 *
 * const options = { prompts: 'prompts.txt', folder: process.cwd(), hub: { cache: 'hub' } };
 * const { config } = await configurationSource(new Home('.textcraftor'), options);
 * console.log(config.file, config.settings);
 * ```
 */
export async function configurationSource(
  home: Home,
  { file, prompts, set = [], pipeline: module, against, folder }: ConfigurationOptions,
): Promise<Omit<Configuration, 'settings'> & { config: ConfigSource & { settings: string[] } }> {
  const source = module === undefined ? defaultPipeline : absolutePath(module, folder);
  if (file === undefined && source !== defaultPipeline)
    throw new InputError('Your own pipeline needs a configuration: textcraftor run CONFIG --pipeline FILE.');
  const named = file ?? 'configs/tiny.yaml';
  const settings = [...set];
  // Quoted, so that YAML reads any path as text.
  const replaced = prompts === undefined || isHubSource(prompts) ? prompts : resolve(folder, prompts);
  if (replaced !== undefined) settings.push(`prompts.source=${JSON.stringify(replaced)}`);
  const isSame = (other: string): boolean => other === replaced || absolutePath(other, folder) === replaced;
  const prepare = (raw: unknown): unknown => (replaced === undefined ? raw : withoutForms(raw, named, isSame));
  if (against !== undefined) {
    const version = await resolveVersion(new Registry(home), against);
    settings.push(`champion=${JSON.stringify(await asChampion(home, version))}`);
  }
  const pipeline = await loadPipeline(source);
  return { source, pipeline, config: { file: named, settings, prepare, folder } };
}
