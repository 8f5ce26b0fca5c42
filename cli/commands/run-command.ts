import type { Command } from 'commander';
import { addConfigOptions, type ConfigOptions } from '../run/run-options.ts';
import type { StartOptions } from '../run/start.ts';
import { print, printMessage } from '../print.ts';

/** Adds `textcraftor run`. */
export function register(program: Command): void {
  addConfigOptions(
    program.command('run').description('run the pipeline: prompts go in, a better text encoder and a report come out'),
  )
    .option('--detach', 'continue in the background')
    .option('--json', 'print one JSON object at the end: {run, status, folder, stages}')
    .action(async (config: string | undefined, options: ConfigOptions & StartOptions) => {
      const { readConfigOptions } = await import('../run/run-options.ts');
      const { createRun } = await import('../../api/runs/create-run.ts');
      const { formatPlan, warnOfLength } = await import('../run/format-plan.ts');
      const { startRun } = await import('../run/start.ts');
      const { projectHome } = await import('../project-home.ts');
      const configuration = await readConfigOptions(config, options);
      const home = projectHome();
      const { id, plan } = await createRun(home, configuration, process.env);
      const warning = warnOfLength(plan);
      if (!options.json) print(`Run ${id}\n${formatPlan(plan)}\n`);
      if (warning !== undefined) printMessage(`${warning}`);
      await startRun(home, id, [], options);
    });
}
