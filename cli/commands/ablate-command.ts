import type { Command } from 'commander';
import { addConfigOptions, configurationOptions, type ConfigOptions } from '../run/run-options.ts';
import { print, printError } from '../print.ts';
import { lanes } from '../values.ts';

interface Options {
  out: string;
  lanes: number;
  json?: true;
}

/** Adds `textcraftor ablate`. */
export function register(program: Command): void {
  addConfigOptions(
    program
      .command('ablate')
      .description('run a configuration with every combination of its `ablations`, and compare the results'),
  )
    .option('--out <dir>', 'folder for ablations.md and ablations.json', '.')
    .option('--lanes <n>', 'number of runs at once', lanes, 1)
    .option('--json', 'print one JSON object: {page}')
    .action(async (config: string | undefined, options: ConfigOptions & Options) => {
      const { ablate } = await import('../../api/ablations/ablate.ts');
      const { runCommand } = await import('../run/spawn-run.ts');
      const { projectHome } = await import('../project-home.ts');
      const given = (['prompts', 'against', 'pipeline'] as const).flatMap((name) =>
        options[name] === undefined ? [] : [`--${name}`, options[name]],
      );
      const { set, out, lanes, json } = options;
      const page = await ablate(projectHome(), {
        configuration: configurationOptions(config, options),
        environment: process.env,
        out,
        lanes,
        run: (own) => runCommand(config, [...set, ...own], given),
        note: json ? printError : print,
      });
      print(json ? JSON.stringify({ page }, null, 2) : page);
    });
}
