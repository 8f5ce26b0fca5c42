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
      const { planAt, formatPlan, warnOfLength } = await import('../../api/runs/plan-run.ts');
      const { startRun } = await import('../run/start.ts');
      const { projectHome } = await import('../project-home.ts');
      const { RunRecords } = await import('../../pipeline/runs/runs.ts');
      const { activeStages } = await import('../../pipeline/pipeline.ts');
      const { source, pipeline, settings } = await readConfigOptions(config, options);
      const home = projectHome();
      const plan = await planAt(home, pipeline, settings, { environment: process.env });
      const graph = activeStages(pipeline, settings);
      const run = await new RunRecords(home).create(settings.name, source, settings, graph, plan.planned);
      const warning = warnOfLength(plan);
      if (!options.json) print(`Run ${run.id}\n${formatPlan(plan)}\n`);
      if (warning !== undefined) printMessage(`${warning}`);
      await startRun(home, run.id, [], options);
    });
}
