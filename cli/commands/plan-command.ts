import type { Command } from 'commander';
import { addConfigOptions, type ConfigOptions } from '../run/run-options.ts';
import { print } from '../print.ts';

/** Adds `textcraftor plan`. */
export function register(program: Command): void {
  addConfigOptions(
    program
      .command('plan')
      .description(
        'show what a run would do, stage by stage, and why; downloads nothing, but asks the hub for the sizes of missing files',
      ),
  )
    .option(
      '--json',
      'print one JSON object: {stages: [{stage, action, why, key, artifact, estimatedSeconds, estimate: {seconds, basis, from}}], fetch: [{kind, name, bytes}]}',
    )
    .action(async (config: string | undefined, options: ConfigOptions & { json?: true }) => {
      const { lookUpConfigOptions } = await import('../run/run-options.ts');
      const { planAt } = await import('../../api/runs/plan-run.ts');
      const { formatPlan } = await import('../run/format-plan.ts');
      const { checkAblations } = await import('../../api/ablations/check-ablations.ts');
      const { projectHome } = await import('../project-home.ts');
      const { pipeline, settings, fetches } = await lookUpConfigOptions(config, options);
      const plan = await planAt(projectHome(), pipeline, settings, { fetches, environment: process.env });
      const read = (own: readonly string[]) =>
        lookUpConfigOptions(config, { ...options, set: [...options.set, ...own] });
      await checkAblations(settings, read, process.env);
      const fetch = fetches.map(({ path: _, ...rest }) => rest);
      print(options.json ? JSON.stringify({ stages: plan.stages, fetch }, null, 2) : formatPlan(plan));
    });
}
