import { join } from 'node:path';
import type { Command } from 'commander';
import { openInBrowser } from '../open-in-browser.ts';
import { print, printMessage } from '../print.ts';
import { whole } from '../values.ts';

/** Adds `textcraftor studio`. */
export function register(program: Command): void {
  program
    .command('studio')
    .description('show the runs in a local web page, until interrupted')
    .option('--port <number>', 'port of the page; 0: any free one', whole(0, 65_535), 4040)
    .option('--host <name>', 'address to listen on; others than this machine need the printed token', '127.0.0.1')
    .option('--no-open', 'do not open it in a browser')
    .option('--json', 'print one JSON object when it listens: {url}')
    .action(async ({ port, host, open, json }: { port: number; host: string; open: boolean; json?: true }) => {
      const { projectHome } = await import('../project-home.ts');
      const { reasonOf } = await import('../../common/text/reason.ts');
      const { interruption } = await import('../../common/interrupt.ts');
      const { checkout } = await import('../../pipeline/config/config-file.ts');
      const { serveStudio } = await import('../../studio/server/serve-studio.ts');
      const home = projectHome();
      const page = join(checkout, '.tools/studio/page');
      const onError = (error: Error) => printMessage(`unexpected ${error.name}: ${reasonOf(error)}`);
      const studio = await serveStudio({ home, page, host, port, onError });
      print(json ? JSON.stringify({ url: studio.url }) : studio.url);
      if (open) openInBrowser(studio.url);
      const signal = interruption();
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      await studio.close();
      printMessage('The studio has ended; runs go on without it.');
    });
}
