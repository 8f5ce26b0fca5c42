import type { Command } from 'commander';
import {
  lookUpConfiguration,
  readConfiguration,
  type Configuration,
  type ConfigurationOptions,
} from '../../api/configuration.ts';
import { hubOptions } from '../hub-options.ts';
import { projectHome } from '../project-home.ts';
import { collect } from '../values.ts';

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
    'change a setting, such as tuneEncoder.steps=20 or rewards.clip.weight=0; null removes a key',
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

/** Reads a configuration, and downloads what it names on the hub. @throws InputError that names the file and the key */
export const readConfigOptions = (config: string | undefined, options: ConfigOptions): Promise<Configuration> =>
  readConfiguration(projectHome(), configurationOptions(config, options));

/** Reads a configuration without downloading anything. @throws InputError as {@link readConfigOptions} */
export const lookUpConfigOptions = (
  config: string | undefined,
  options: ConfigOptions,
): ReturnType<typeof lookUpConfiguration> => lookUpConfiguration(projectHome(), configurationOptions(config, options));

/** Makes the options of the configuration that a command names. */
export function configurationOptions(
  file: string | undefined,
  { prompts, set, pipeline, against }: ConfigOptions,
): ConfigurationOptions {
  return { file, prompts, set, pipeline, against, folder: process.cwd(), hub: hubOptions() };
}
