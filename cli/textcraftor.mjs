#!/usr/bin/env node
// Runs the TypeScript of cli/main.ts in this process, so that signals and the exit code are its own.
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const noMemory =
  'textcraftor: There is not enough memory to start: free some, or raise the limit (ulimit -v unlimited).';

/**
 * Reports an error before anything else is loaded: the loader itself needs memory for WebAssembly.
 * @param {Error} error
 */
function endWithoutMemory(error) {
  const isMemory = error instanceof RangeError && /memory/i.test(error.message);
  process.off('exit', endWithLoader);
  console.error(
    isMemory ? noMemory : `textcraftor: The program cannot be loaded: ${String(error.message).split('\n')[0]}`,
  );
  process.exit(1);
}
/** The loader works in a thread. When that finds no memory first, it ends the process without a word. */
function endWithLoader() {
  console.error(noMemory);
}
process.on('uncaughtException', endWithoutMemory);

/** Every relative path starts here, including the loader's own. */
function requireFolder() {
  try {
    process.cwd();
  } catch {
    console.error('textcraftor: The current folder no longer exists; change to one that does (cd).');
    process.exit(2);
  }
}
requireFolder();

/** The loader and its child need at least this many; with fewer they may wait forever. */
const leastFiles = 48;
const opened = [];
try {
  while (opened.length < leastFiles) opened.push(openSync(process.execPath, 'r'));
} catch {
  console.error('textcraftor: Too many files are open for this machine; allow more, for example with: ulimit -n 4096');
  process.exit(1);
}
for (const file of opened) closeSync(file);

const here = fileURLToPath(import.meta.url);
process.on('exit', endWithLoader);
const tsx = await import('tsx/esm/api').catch((/** @type {NodeJS.ErrnoException} */ error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
});
if (here.includes('?')) {
  process.off('exit', endWithLoader);
  console.error(
    `textcraftor: ${here} has a "?" in its path, which the TypeScript loader does not allow; move the checkout`,
  );
  process.exitCode = 2;
} else if (tsx) {
  tsx.register();
  const { main } = await import('./main.ts');
  process.off('uncaughtException', endWithoutMemory);
  process.off('exit', endWithLoader);
  await main(process.argv.slice(2));
} else {
  process.off('exit', endWithLoader);
  console.error('textcraftor: the checkout is not set up; run: npm run setup');
  process.exitCode = 1;
}
