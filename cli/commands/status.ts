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
      const { RunRecords } = await import('../../pipeline/runs/runs.ts');
      const { projectHome } = await import('../project-home.ts');
      const { summarizeRun } = await import('../../api/runs/run-summary.ts');
      const { formatTable } = await import('../../common/text/format.ts');
      const { describeStage } = await import('../run/live-view.ts');
      const run = await new RunRecords(projectHome()).read(name);
      if (options.json) {
        print(JSON.stringify(summarizeRun(run), null, 2));
        return;
      }
      print(`Run ${run.id}: ${run.status}${run.error ? `: ${run.error.message}` : ''}`);
      print(formatTable(run.stages.map((stage) => [`  ${stage.name}`, stage.status, describeStage(stage)])));
      if (run.status !== 'running' && run.status !== 'completed') print(`Continue with: textcraftor resume ${run.id}`);
    });
}
