import type { Command } from 'commander';
import { openInBrowser } from '../open-in-browser.ts';
import { print } from '../print.ts';

/** Adds `textcraftor open`. */
export function register(program: Command): void {
  program
    .command('open')
    .description('open the report of a run in the browser, and print its path')
    .argument('[run]', 'its id, the beginning of one, or latest', 'latest')
    .option('--print', 'only print the path')
    .option('--json', 'print one JSON object: {run, report}')
    .action(async (name: string, options: { print?: true; json?: true }) => {
      const { RunRecords } = await import('../../pipeline/runs/runs.ts');
      const { projectHome } = await import('../project-home.ts');
      const { requireRunReport } = await import('../../api/runs/report-of-run.ts');
      const home = projectHome();
      const run = await new RunRecords(home).read(name);
      const report = await requireRunReport(home, run);
      print(options.json ? JSON.stringify({ run: run.id, report }, null, 2) : report);
      if (!options.print) openInBrowser(report);
    });
}
