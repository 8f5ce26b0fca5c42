import type { Command } from 'commander';
import { addConfigOptions, type ConfigOptions } from '../run/options.ts';

/** Adds `textcraftor plan`. */
export function register(program: Command): void {
  addConfigOptions(program.command('plan').description('say what a run would do, stage by stage, and why'))
    .option('--json', 'print one JSON object: {stages: [{stage, action, why, key, artifact, estimatedSeconds}]}')
    .action(async (config: string | undefined, options: ConfigOptions & { json?: true }) => {
      const { readConfigOptions } = await import('../run/options.ts');
      const { planAt, formatPlan } = await import('../run/planning.ts');
      const { projectHome } = await import('../home.ts');
      const { pipeline, settings } = await readConfigOptions(config, options);
      const stages = await planAt(projectHome(), pipeline, settings);
      console.log(options.json ? JSON.stringify({ stages }, null, 2) : formatPlan(stages));
    });
}
