import { Option, type Command } from 'commander';
import { openInBrowser } from '../open-in-browser.ts';
import { print } from '../print.ts';

/** Adds `textcraftor report`. */
export function register(program: Command): void {
  program
    .command('report')
    .description('write the report of a run as one HTML file and print its path')
    .argument('[run]', 'its id, the beginning of one, or latest', 'latest')
    .option('--json', 'print one JSON object: {run, status, stages, encoder, chosen, comparisons, report, ...}')
    .addOption(new Option('--open <when>', 'show it in a browser').choices(['yes', 'no']).default('no'))
    .action(async (name: string, options: { json?: true; open: 'yes' | 'no' }) => {
      const { RunRecords } = await import('../../pipeline/runs/runs.ts');
      const { projectHome } = await import('../project-home.ts');
      const { describeRun, requireRunReport } = await import('../../api/runs/report-of-run.ts');
      const home = projectHome();
      const run = await new RunRecords(home).read(name);
      if (options.json) print(JSON.stringify(await describeRun(home, run), null, 2));
      else {
        const path = await requireRunReport(home, run);
        print(path);
        if (options.open === 'yes') openInBrowser(path);
      }
    });
}
