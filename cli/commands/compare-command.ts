import type { Command } from 'commander';
import { print, say } from '../print.ts';

/** Adds `textcraftor compare`. */
export function register(program: Command): void {
  program
    .command('compare')
    .description('compare two to five runs: settings that differ, durations, each metric of each arm, which is better')
    .argument('<run>', 'the run that the others are compared with: its id, or latest')
    .argument('<others...>', 'one to four other runs')
    .option('--arm <name>', 'only this arm of their evaluations: chosen, exported, tuned, base ... (default: all)')
    .option(
      '--json',
      'print one JSON object: {runs: [{run, status, seconds, prompts}], settings: [{key, values}], durations, arms: [{arm, metrics: [{metric, means, overBase, overFirst}]}], unpaired}',
    )
    .action(async (first: string, others: string[], { arm, json }: { arm?: string; json?: true }) => {
      const { InputError } = await import('../../common/errors.ts');
      const { compareRuns } = await import('../../api/watch/compare-runs.ts');
      const { formatComparison } = await import('../run/format-comparison.ts');
      const { projectHome } = await import('../project-home.ts');
      const all = await compareRuns(projectHome(), [first, ...others]);
      const arms = all.arms.filter((each) => arm === undefined || each.arm === arm);
      if (all.arms.length > 0 && arms.length === 0)
        throw new InputError(
          `No run has an arm "${arm}"; their arms are ${all.arms.map((each) => each.arm).join(', ')}.`,
        );
      const compared = { ...all, arms };
      if (json) print(JSON.stringify(compared, null, 2));
      else say(formatComparison(compared));
    });
}
