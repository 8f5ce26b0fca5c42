import type { Command } from 'commander';
import { print } from '../print.ts';

/** Adds `textcraftor compare`. */
export function register(program: Command): void {
  program
    .command('compare')
    .description('compare runs: what differs in their configurations, and their metrics side by side')
    .argument('<run>', 'its id, or latest')
    .argument('<others...>', 'the runs to compare with the first')
    .option('--arm <name>', 'the arm of their evaluations: chosen, exported, tuned, base ...', 'chosen')
    .option(
      '--json',
      'print one JSON object: {arm, runs: [{run, status, chosen, prompts}], settings: [{key, values}], metrics: [{metric, means, overBase, overFirst}], unpaired}',
    )
    .action(async (first: string, others: string[], { arm, json }: { arm: string; json?: true }) => {
      const { compareRuns } = await import('../../api/comparison/compare-runs.ts');
      const { formatComparison } = await import('../run/format-comparison.ts');
      const { projectHome } = await import('../project-home.ts');
      const comparison = await compareRuns(projectHome(), [first, ...others], arm);
      print(json ? JSON.stringify(comparison, null, 2) : formatComparison(comparison));
    });
}
