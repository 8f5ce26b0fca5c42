import type { Command } from 'commander';
import { print } from '../print.ts';

/** Adds `textcraftor logs`. */
export function register(program: Command): void {
  program
    .command('logs')
    .description("print the logs of a run's stages")
    .argument('[run]', 'its id, the beginning of one, or latest', 'latest')
    .argument('[stage]', 'only this stage')
    .option('--follow', 'keep printing until the run ends, with the metrics of tuning')
    .option('--json', 'print one JSON object per line: {stage, line}')
    .action(async (name: string, stage: string | undefined, options: { follow?: true; json?: true }) => {
      const { readLogs } = await import('../../api/logs/read-logs.ts');
      const { visible } = await import('../../common/text/visible.ts');
      const { runStatus } = await import('../../api/runs/run-summary.ts');
      const { projectHome } = await import('../project-home.ts');
      const home = projectHome();
      const { run, stages } = await runStatus(home, name);
      const several = stage === undefined && stages.length > 1;
      for await (const lines of readLogs(home, run, { stage, follow: options.follow }))
        if (options.json) {
          const { stage: of, text } = lines;
          for (const line of text.replace(/\n$/, '').split('\n')) print(JSON.stringify({ stage: of, line }));
        } else process.stdout.write(visible(lines.text).replace(/^(?=.)/gm, several ? `${lines.stage}: ` : ''));
    });
}
