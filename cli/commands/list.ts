import type { Command } from 'commander';
import { print } from '../print.ts';

/** Adds `textcraftor list`. */
export function register(program: Command): void {
  program
    .command('list')
    .description('list the runs, the latest last')
    .option('--json', 'print one JSON object: {runs: [{run, status, createdAt, finishedAt, folder, stages}]}')
    .action(async (options: { json?: true }) => {
      const { RunRecords } = await import('../../pipeline/runs/runs.ts');
      const { projectHome } = await import('../project-home.ts');
      const { summarizeRun } = await import('../../api/runs/run-summary.ts');
      const { formatTable } = await import('../../common/text/format.ts');
      const records = new RunRecords(projectHome());
      const runs = [];
      for (const id of await records.ids()) runs.push(await records.read(id));
      if (options.json) {
        print(JSON.stringify({ runs: runs.map(summarizeRun) }, null, 2));
        return;
      }
      const rows = runs.map(({ id, status, createdAt, stages }) => {
        const done = stages.filter((stage) => stage.status === 'ran' || stage.status === 'reused').length;
        return [id, status, `${done}/${stages.length} stages`, createdAt.slice(0, 16).replace('T', ' ')];
      });
      print(rows.length > 0 ? formatTable(rows) : 'There are no runs yet; start one with: textcraftor run');
    });
}
