import type { Command } from 'commander';
import { print } from '../print.ts';

/** Adds `textcraftor status`. */
export function register(program: Command): void {
  program
    .command('status')
    .description('show the status of a run')
    .argument('[run]', 'its id, or latest', 'latest')
    .option(
      '--json',
      'print one JSON object: {run, status, folder, stages: [{name, status, seconds, artifact, progress}]}',
    )
    .action(async (name: string, options: { json?: true }) => {
      const { projectHome } = await import('../project-home.ts');
      const { runStatus } = await import('../../api/runs/run-summary.ts');
      const { formatTable } = await import('../../common/text/format.ts');
      const { describeStage } = await import('../run/live-view.ts');
      const summary = await runStatus(projectHome(), name);
      if (options.json) {
        print(JSON.stringify(summary, null, 2));
        return;
      }
      const { run, status, error, stages } = summary;
      print(`Run ${run}: ${status}${error ? `: ${error.message}` : ''}`);
      print(formatTable(stages.map((stage) => [`  ${stage.name}`, stage.status, describeStage(stage)])));
      if (status !== 'running' && status !== 'completed') print(`Continue with: textcraftor resume ${run}`);
    });
}
