#!/usr/bin/env node
import { fileURLToPath } from 'node:url';

// Runs the TypeScript of cli/main.ts in this process, so that signals and the exit code are its own.
const here = fileURLToPath(import.meta.url);
const tsx = await import('tsx/esm/api').catch(() => undefined);
if (here.includes('?')) {
  console.error(
    `textcraftor: ${here} has a "?" in its path, which the loader of TypeScript does not take; move the checkout`,
  );
  process.exitCode = 2;
} else if (tsx) {
  tsx.register();
  const { main } = await import('./main.ts');
  await main(process.argv.slice(2));
} else {
  console.error('textcraftor: the checkout is not set up; run: npm run setup');
  process.exitCode = 1;
}
