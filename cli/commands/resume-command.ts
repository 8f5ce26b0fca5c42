import type { Command } from 'commander';
import { addSetOption } from '../run/run-options.ts';
import type { StartOptions } from '../run/start.ts';
import { answer } from '../print.ts';

interface ResumeOptions extends StartOptions {
  from?: string;
  set: string[];
}

/** Adds `textcraftor resume`. */
export function register(program: Command): void {
  addSetOption(
    program
      .command('resume')
      .description('continue a run: finished work is reused, unfinished work continues from its checkpoint')
      .argument('[run]', 'its id, the beginning of one, or latest', 'latest')
      .option('--from <stage>', 'run this stage, and those that depend on it, again'),
  )
    .option('--detach', 'continue in the background')
    .option('--json', 'print one JSON object at the end: {run, status, folder, stages}')
    .action(async (name: string, options: ResumeOptions) => {
      const { prepareResume } = await import('../../api/runs/resume-run.ts');
      const { startRun } = await import('../run/start.ts');
      const { projectHome } = await import('../project-home.ts');
      const home = projectHome();
      const { id, fresh, waits } = await prepareResume(home, name, { ...options, environment: process.env });
      if (!waits) return startRun(home, id, fresh, options);
      const { wakeRun } = await import('../../api/runs/control-run.ts');
      const { configuredServer } = await import('../../temporal/server/server-connection.ts');
      await wakeRun(home, id, fresh, configuredServer(process.env));
      const line = `Run ${id} continues where it was started; see: textcraftor status ${id}`;
      answer(options.json, { run: id, status: 'running' }, line);
    });
}
