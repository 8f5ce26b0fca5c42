import type { Command } from 'commander';
import { print, say } from '../print.ts';

/** Adds `textcraftor list`. */
export function register(program: Command): void {
  program
    .command('list')
    .description('list the runs, the latest last')
    .option('--json', 'print one JSON object: {runs: [{run, status, createdAt, finishedAt, folder, stages}]}')
    .action(async (options: { json?: true }) => {
      const { projectHome } = await import('../project-home.ts');
      const { listRuns } = await import('../../api/runs/run-summary.ts');
      const { formatTable } = await import('../../common/text/format.ts');
      const runs = await listRuns(projectHome());
      if (options.json) {
        print(JSON.stringify({ runs }, null, 2));
        return;
      }
      const rows = runs.map(({ run, status, createdAt, stages }) => {
        const done = stages.filter((stage) => stage.status === 'ran' || stage.status === 'reused').length;
        return [run, status, `${done}/${stages.length} stages`, createdAt.slice(0, 16).replace('T', ' ')];
      });
      say(rows.length > 0 ? formatTable(rows) : 'There are no runs yet; start one with: textcraftor run');
    });
}
