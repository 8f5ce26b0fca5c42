import type { Command } from 'commander';

/** Adds `textcraftor logs`. */
export function register(program: Command): void {
  program
    .command('logs')
    .description("print what a run's stages have printed")
    .argument('[run]', 'its id, or latest', 'latest')
    .argument('[stage]', 'only this one')
    .option('--follow', 'go on until the run ends')
    .action(async (name: string, stage: string | undefined, options: { follow?: true }) => {
      const { printLogs } = await import('../run/show-logs.ts');
      const { projectHome } = await import('../project-home.ts');
      await printLogs(projectHome(), name, stage, options.follow ?? false);
    });
}
