import type { Command } from 'commander';
import type { RunSummary } from '../../api/runs/run-summary.ts';
import { print, say } from '../print.ts';

/** Adds `textcraftor status`. */
export function register(program: Command): void {
  program
    .command('status')
    .description('show the status of a run')
    .argument('[run]', 'its id, the beginning of one, or latest', 'latest')
    .option('--watch', 'keep showing it until it ends')
    .option(
      '--json',
      'print one JSON object: {run, status, folder, stages: [{name, status, seconds, artifact, progress}]}; with --watch, one per line at each change',
    )
    .action(async (name: string, { watch, json }: { watch?: true; json?: true }) => {
      const { projectHome } = await import('../project-home.ts');
      const { runStatus, summarizeRun } = await import('../../api/runs/run-summary.ts');
      const home = projectHome();
      if (watch) {
        const { watchStatus } = await import('../run/watch-status.ts');
        const run = await watchStatus(home, name, json ?? false);
        if (!json) await sayStatus(summarizeRun(run));
        return;
      }
      const summary = await runStatus(home, name);
      if (json) print(JSON.stringify(summary, null, 2));
      else await sayStatus(summary);
    });
}

async function sayStatus({ run, status, error, stages }: RunSummary): Promise<void> {
  const { formatTable } = await import('../../common/text/format.ts');
  const { resumeAdvice } = await import('../../api/runs/resume-advice.ts');
  const { describeStage, shownStatus } = await import('../run/describe-stage.ts');
  say(`Run ${run}: ${status}${error ? `: ${error.message}` : ''}`);
  say(
    formatTable(stages.map((stage) => [`  ${stage.name}`, shownStatus(stage, status), describeStage(stage, status)])),
  );
  if (status === 'completed') say(`Its result: textcraftor report ${run}`);
  else if (status !== 'running') {
    const advice = resumeAdvice(run, error, ...stages.map((stage) => stage.error));
    say(advice[0]!.toUpperCase() + advice.slice(1));
  }
}
