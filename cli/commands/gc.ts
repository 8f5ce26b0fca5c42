import { InvalidArgumentError, type Command } from 'commander';
import { print } from '../print.ts';

function parseDays(text: string): number {
  const days = Number(text);
  if (text.trim() !== '' && days >= 0) return days;
  throw new InvalidArgumentError('Expected a number of days.');
}

/** Adds `textcraftor gc`. */
export function register(program: Command): void {
  program
    .command('gc')
    .description('delete artifacts that no run and no registered encoder needs, and say what has to be made again then')
    .option('--dry-run', 'only say what would be deleted')
    .option('--keep-days <days>', 'runs that ended earlier need nothing any more (default: all runs count)', parseDays)
    .option('--json', 'print one JSON object: {deleted, bytes, artifacts: [{sha256, bytes}], work, uncacheable}')
    .action(async (options: { dryRun?: true; keepDays?: number; json?: true }) => {
      const { findGarbage, removeGarbage } = await import('../../pipeline/gc.ts');
      const { protectedDigests } = await import('../../pipeline/registry/protected.ts');
      const { projectHome } = await import('../home.ts');
      const { formatGarbage } = await import('../run/garbage.ts');
      const home = projectHome();
      const { keepDays } = options;
      const garbage = await findGarbage(home, { protectedDigests: await protectedDigests(home), keepDays });
      if (!options.dryRun) await removeGarbage(home, garbage);
      const { bytes, artifacts, work, uncacheable } = garbage;
      if (options.json)
        print(JSON.stringify({ deleted: !options.dryRun, bytes, artifacts, work, uncacheable }, null, 2));
      else print(formatGarbage(garbage, options.dryRun ?? false));
    });
}
