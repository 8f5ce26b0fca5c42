import type { Command } from 'commander';
import { addConfigOptions, type ConfigOptions } from '../run/run-options.ts';
import { print } from '../print.ts';
import { lanes } from '../values.ts';

/** Adds `textcraftor ablate`. */
export function register(program: Command): void {
  addConfigOptions(
    program
      .command('ablate')
      .description('run a configuration with every combination of its `ablations`, and compare the results'),
  )
    .option('--out <dir>', 'folder for ablations.md and ablations.json', '.')
    .option('--lanes <n>', 'number of runs at once', lanes, 1)
    .action(async (config: string | undefined, options: ConfigOptions & { out: string; lanes: number }) => {
      const { InputError } = await import('../../common/errors.ts');
      const { readConfigOptions } = await import('../run/run-options.ts');
      const { ablate } = await import('../paper/ablate.ts');
      const { runCommand } = await import('../run/spawn-run.ts');
      const { ablationsOf, checkAblations } = await import('../paper/check-ablations.ts');
      const { projectHome } = await import('../project-home.ts');
      const { settings } = await readConfigOptions(config, options); // refuses invalid settings before any combination runs
      const ablations = ablationsOf(settings);
      if (ablations.length === 0)
        throw new InputError('The configuration has no ablations: give a list such as [{ evaluate.steps: [4, 8] }].');
      const read = (own: readonly string[]) => readConfigOptions(config, { ...options, set: [...options.set, ...own] });
      await checkAblations(settings, read, process.env);
      const given = (['prompts', 'against', 'pipeline'] as const).flatMap((name) =>
        options[name] === undefined ? [] : [`--${name}`, options[name]],
      );
      const page = await ablate({
        home: projectHome(),
        ablations,
        out: options.out,
        lanes: options.lanes,
        run: (own) => runCommand(config, [...options.set, ...own], given),
        note: (line) => print(line),
      });
      print(page);
    });
}
