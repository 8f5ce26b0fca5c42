import type { Command } from 'commander';
import { addConfigOptions, type ConfigOptions } from '../run/run-options.ts';
import { print } from '../print.ts';

/** Adds `textcraftor config`: what may be in a configuration, and what is. */
export function register(program: Command): void {
  const config = program.command('config').description('see what a configuration may hold, and what it holds');
  addConfigOptions(
    config
      .command('show')
      .description('print the whole configuration as YAML, with defaults; values that are not defaults are marked'),
  )
    .option('--json', 'print one JSON object: {file, settings, from: {KEY: "file" | "set"}}')
    .action(async (file: string | undefined, options: ConfigOptions & { json?: true }) => {
      const { showConfiguration } = await import('../../api/settings/show-configuration.ts');
      const { configurationOptions } = await import('../run/run-options.ts');
      const { formatConfiguration } = await import('../settings/format-configuration.ts');
      const { projectHome } = await import('../project-home.ts');
      const shown = await showConfiguration(projectHome(), configurationOptions(file, options));
      print(options.json ? JSON.stringify(shown, null, 2) : formatConfiguration(shown));
    });
  config
    .command('schema')
    .description('print the JSON Schema of a configuration: editors complete and check keys with it')
    .option('--pipeline <file>', 'another pipeline: a module that exports `pipeline`')
    .action(async ({ pipeline }: { pipeline?: string }) => {
      const { configurationSchema } = await import('../../api/settings/configuration-schema.ts');
      print(JSON.stringify(await configurationSchema(pipeline), null, 2));
    });
}
