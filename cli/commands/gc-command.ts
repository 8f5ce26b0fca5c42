import type { Command } from 'commander';
import { print } from '../print.ts';
import { real, whole } from '../values.ts';

/** Adds `textcraftor gc`. */
export function register(program: Command): void {
  program
    .command('gc')
    .description('delete files that no run and no registered encoder needs, and say what must be made again afterwards')
    .option('--dry-run', 'only list what would be deleted')
    .option('--keep <n>', 'keep the newest n runs; delete older ones and what only they need', whole(0, 1_000_000))
    .option(
      '--keep-days <days>',
      'keep runs that ended within these days; delete older ones (default: keep all runs)',
      real(0, 36_500),
    )
    .option(
      '--json',
      'print one JSON object: {deleted, bytes, artifacts: [{sha256, bytes}], runs: [{run, bytes}], work, uncacheable, damaged: [{run, folder}]}',
    )
    .action(async (options: { dryRun?: true; keep?: number; keepDays?: number; json?: true }) => {
      const { collectGarbage } = await import('../../api/collect-garbage.ts');
      const { projectHome } = await import('../project-home.ts');
      const { formatGarbage } = await import('../run/garbage.ts');
      const garbage = await collectGarbage(projectHome(), options);
      const { bytes, artifacts, work, uncacheable } = garbage;
      const runs = garbage.runs.map(({ run, bytes }) => ({ run, bytes }));
      const damaged = garbage.damaged.map(({ run, folder }) => ({ run, folder }));
      if (options.json)
        print(
          JSON.stringify({ deleted: !options.dryRun, bytes, artifacts, runs, work, uncacheable, damaged }, null, 2),
        );
      else print(formatGarbage(garbage, options.dryRun ?? false));
    });
}
