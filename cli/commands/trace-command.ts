import type { Command } from 'commander';
import { print } from '../print.ts';

/** Adds `textcraftor trace`. */
export function register(program: Command): void {
  program
    .command('trace')
    .description('print the origin of an artifact: stages, code, settings, inputs')
    .argument('<artifact>', 'its sha256, or the first digits; or RUN/STAGE, such as latest/tune-encoder')
    .option('--json', 'print one JSON object: {result: {key, parts, artifact, run, seconds, createdAt}, inputs: [...]}')
    .action(async (name: string, options: { json?: true }) => {
      const { traceOrigin } = await import('../../api/runs/trace-origin.ts');
      const { formatLineage } = await import('../run/format-lineage.ts');
      const { projectHome } = await import('../project-home.ts');
      const lineage = await traceOrigin(projectHome(), name);
      print(options.json ? JSON.stringify(lineage, null, 2) : formatLineage(lineage));
    });
}
