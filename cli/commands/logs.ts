import type { Command } from 'commander';

/** Adds `textcraftor logs`. */
export function register(program: Command): void {
  program
    .command('logs')
    .description("print the logs of a run's stages")
    .argument('[run]', 'its id, or latest', 'latest')
    .argument('[stage]', 'only this stage')
    .option('--follow', 'keep printing until the run ends')
    .action(async (name: string, stage: string | undefined, options: { follow?: true }) => {
      const { printLogs } = await import('../run/show-logs.ts');
      const { projectHome } = await import('../project-home.ts');
      await printLogs(projectHome(), name, stage, options.follow ?? false);
    });
}
