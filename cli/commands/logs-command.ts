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
      const { readLogs } = await import('../../api/runs/read-logs.ts');
      const { visible } = await import('../../common/text/visible.ts');
      const { runStatus } = await import('../../api/runs/run-summary.ts');
      const { projectHome } = await import('../project-home.ts');
      const home = projectHome();
      const { run, stages } = await runStatus(home, name);
      const several = stage === undefined && stages.length > 1;
      for await (const lines of readLogs(home, run, { stage, ...options }))
        process.stdout.write(visible(lines.text).replace(/^(?=.)/gm, several ? `${lines.stage}: ` : ''));
    });
}
