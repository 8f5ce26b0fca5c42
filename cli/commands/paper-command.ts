import type { Command } from 'commander';
import { print } from '../print.ts';
import { lanes } from '../values.ts';

/** Adds `textcraftor paper`. */
export function register(program: Command): void {
  program
    .command('paper')
    .description("run the paper's comparison on the shapes world: every arm, several seeds; writes results.md")
    .option('--quick', 'one seed and little tuning, to check that it works')
    .option('--out <dir>', 'folder for results.md, results.json and the plots', 'docs')
    .option('--lanes <n>', 'number of runs at once: their small steps do not fill a processor', lanes, 2)
    .action(async (options: { quick?: true; out: string; lanes: number }) => {
      const { availableParallelism } = await import('node:os');
      const { paper } = await import('../../api/paper/write-paper.ts');
      const { runCommand } = await import('../run/spawn-run.ts');
      const { projectHome } = await import('../project-home.ts');
      const { lanes } = options;
      const page = await paper({
        home: projectHome(),
        out: options.out,
        quick: options.quick === true,
        run: runCommand,
        lanes,
        threads: Math.max(1, Math.floor(availableParallelism() / lanes)),
        note: (line) => print(line),
      });
      print(page);
    });
}
