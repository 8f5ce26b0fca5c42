import type { Command } from 'commander';
import { print, printError } from '../print.ts';
import { lanes } from '../values.ts';

/** Adds `textcraftor paper`. */
export function register(program: Command): void {
  program
    .command('paper')
    .description("run the paper's comparison on the gallery: every arm, several seeds; writes results.md")
    .option('--quick', 'one seed and little tuning, to check that it works; never replaces the published page')
    .option(
      '--out <dir>',
      'folder for results.md, results.json, pictures and plots (default: docs; paper-quick with --quick)',
    )
    .option('--lanes <n>', 'number of runs at once: their small steps do not fill a processor', lanes, 2)
    .option('--json', 'print one JSON object: {page}')
    .action(async (options: { quick?: true; out?: string; lanes: number; json?: true }) => {
      const { availableParallelism } = await import('node:os');
      const { paper } = await import('../../api/paper/write-paper.ts');
      const { runCommand } = await import('../run/spawn-run.ts');
      const { projectHome } = await import('../project-home.ts');
      const { PAPER_FOLDERS } = await import('../../api/paper/published-page.ts');
      const { lanes, quick = false, json } = options;
      const page = await paper({
        home: projectHome(),
        config: 'configs/paper.yaml',
        folder: process.cwd(),
        out: options.out ?? PAPER_FOLDERS[quick ? 'quick' : 'full'],
        quick,
        run: runCommand,
        lanes,
        threads: Math.max(1, Math.floor(availableParallelism() / lanes)),
        note: json ? printError : print,
      });
      print(json ? JSON.stringify({ page }, null, 2) : page);
    });
}
