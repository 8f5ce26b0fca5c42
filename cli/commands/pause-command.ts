import type { Command } from 'commander';
import { answer } from '../print.ts';

/** Adds `textcraftor pause`. */
export function register(program: Command): void {
  program
    .command('pause')
    .description('pause a run: its stages write a checkpoint and end, until it is resumed')
    .argument('[run]', 'its id, the beginning of one, or latest', 'latest')
    .option('--json', 'print one JSON object: {run, status}')
    .action(async (name: string, { json }: { json?: true }) => {
      const { pauseRun } = await import('../../api/runs/control-run.ts');
      const { configuredServer } = await import('../../temporal/server/server-connection.ts');
      const { projectHome } = await import('../project-home.ts');
      const id = await pauseRun(projectHome(), name, configuredServer(process.env));
      answer(json, { run: id, status: 'paused' }, `Run ${id} is paused; continue with: textcraftor resume ${id}`);
    });
}
