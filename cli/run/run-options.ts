import { resolve } from 'node:path';
import type { Command } from 'commander';
import { InputError } from '../../common/errors.ts';
import { absolutePath, loadConfig } from '../../pipeline/config/config-file.ts';
import { defaultPipeline, loadPipeline } from '../../pipeline/load.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import type { CommonSettings } from '../../pipeline/common-settings.ts';
import { asChampion } from '../../registry/version-folders.ts';
import { resolveVersion } from '../../registry/reference.ts';
import { Registry } from '../../registry/versions.ts';
import { isHubSource } from '../../datasets/sources/hub.ts';
import { collect } from '../values.ts';
import { projectHome } from '../project-home.ts';
import { hubOptions } from '../hub-options.ts';
import { lookUpHub, type Fetch } from '../../api/hub/look-up-hub.ts';
import { downloadModels } from '../../api/hub/hub-models.ts';
import { downloadSources } from '../../api/hub/hub-prompts.ts';

/** The options that name a pipeline and its configuration. */
export interface ConfigOptions {
  prompts?: string;
  set: string[];
  pipeline?: string;
  against?: string;
}

/** Adds the option `--set`, which may be repeated. */
export function addSetOption(command: Command): Command {
  return command.option(
    '--set <key=value>',
    'change a setting, such as tuneEncoder.steps=20 or rewards.clip.weight=0',
    collect,
    [],
  );
}

/** Adds the argument and options that `run` and `plan` share. */
export function addConfigOptions(command: Command): Command {
  return addSetOption(
    command
      .argument('[config]', 'a YAML file (default: configs/tiny.yaml, the embedded world)')
      .option('--prompts <source>', 'tune on these prompts: a file, folder or pattern, or hf://datasets/OWNER/NAME'),
  )
    .option('--against <version>', 'also compare the result with a registered encoder, such as production')
    .option('--pipeline <file>', 'another pipeline: a module that exports `pipeline`');
}

export interface Configured {
  /** The argument of {@link loadPipeline}. */
  source: string;
  pipeline: Pipeline;
  settings: CommonSettings;
}

/**
 * Reads a configuration without downloading anything: what a run would fetch is listed, and its names stay in the
 * settings.
 */
export async function lookUpConfigOptions(
  config: string | undefined,
  options: ConfigOptions,
): Promise<Configured & { fetches: Fetch[] }> {
  const fetches: Fetch[] = [];
  const configured = await readConfigOptions(config, options, async (checked, folder) => {
    const found = await lookUpHub(checked, folder, hubOptions());
    fetches.push(...found.fetches);
    return found.settings;
  });
  return { ...configured, fetches };
}

const download = async <T>(checked: T, folder: string) => {
  const hub = hubOptions();
  return downloadSources(await downloadModels(checked, folder, hub), hub);
};

/**
 * Reads a configuration. @param bring replaces names on a hub by paths
 * @throws InputError that names the file and the key
 */
export async function readConfigOptions(
  config: string | undefined,
  options: ConfigOptions,
  bring: <T>(checked: T, folder: string) => Promise<T> = download,
): Promise<Configured> {
  const folder = process.cwd();
  const source = options.pipeline === undefined ? defaultPipeline : absolutePath(options.pipeline, folder);
  if (config === undefined && source !== defaultPipeline)
    throw new InputError('Your own pipeline needs a configuration: textcraftor run CONFIG --pipeline FILE.');
  const settings = [...options.set];
  // Quoted, so that YAML reads any path as text.
  if (options.prompts !== undefined)
    settings.push(
      `prompts.source=${JSON.stringify(isHubSource(options.prompts) ? options.prompts : resolve(folder, options.prompts))}`,
    );
  if (options.against !== undefined) {
    const home = projectHome();
    const version = await resolveVersion(new Registry(home), options.against);
    settings.push(`champion=${JSON.stringify(await asChampion(home, version))}`);
  }
  const pipeline = await loadPipeline(source);
  const fetch = <T>(checked: T) => bring(checked, folder);
  return {
    source,
    pipeline,
    settings: await loadConfig(pipeline, { file: config ?? 'configs/tiny.yaml', settings, folder, fetch }),
  };
}
