#!/usr/bin/env node
// Runs the TypeScript of cli/main.ts in this process, so that signals and the exit code are its own.
const tsx = await import('tsx/esm/api').catch(() => undefined);
if (tsx) {
  tsx.register();
  const { main } = await import('./main.ts');
  await main(process.argv.slice(2));
} else {
  console.error('textcraftor: the checkout is not set up; run: npm run setup');
  process.exitCode = 1;
}
