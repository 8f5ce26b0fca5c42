import type { Command } from 'commander';
import { answer } from '../print.ts';

/** Adds `textcraftor cancel`. */
export function register(program: Command): void {
  program
    .command('cancel')
    .description('stop a run; it can be resumed')
    .argument('[run]', 'its id, the beginning of one, or latest', 'latest')
    .option('--json', 'print one JSON object: {run, status}')
    .action(async (name: string, { json }: { json?: true }) => {
      const { cancelRun } = await import('../../api/runs/control-run.ts');
      const { configuredServer } = await import('../../temporal/server/server-connection.ts');
      const { projectHome } = await import('../project-home.ts');
      const id = await cancelRun(projectHome(), name, configuredServer(process.env));
      answer(json, { run: id, status: 'cancelled' }, `Run ${id} is cancelled; continue with: textcraftor resume ${id}`);
    });
}
