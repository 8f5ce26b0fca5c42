import type { Command } from 'commander';
import { whole } from '../values.ts';

const port = whole(1, 65_535);

/** Adds `textcraftor worker`. */
export function register(program: Command): void {
  program
    .command('worker')
    .description('execute the work that a Temporal server assigns, until interrupted')
    .option(
      '--queue <name>',
      'all, pipeline (workflows and stages without TensorFlow) or engine (stages with it, one at a time)',
      'all',
    )
    .option(
      '--port <number>',
      'port of the development server, if TEMPORAL_ADDRESS is not set (default: a free one)',
      port,
    )
    .option('--ui-port <number>', 'port of a web page that shows the server (default: none)', port)
    .option('--json', 'print one JSON object when it is ready: {address, queues, folder, own, page?}')
    .action(async ({ queue, json, port, uiPort }: { queue: string; json?: true; port?: number; uiPort?: number }) => {
      const { runWorker } = await import('../run/run-worker.ts');
      const { projectHome } = await import('../project-home.ts');
      const ports = { ...(port === undefined ? {} : { port }), ...(uiPort === undefined ? {} : { uiPort }) };
      await runWorker(projectHome(), queue, ports, json);
    });
}
