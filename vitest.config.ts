import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Native add-ons do not live in worker threads; two processes, for TensorFlow takes the other cores.
    pool: 'forks',
    maxWorkers: 2,
    // For what hangs and is not waited for by test/setup/watchdog.ts: on a loaded machine work takes as long as it takes.
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    reporters: ['default', './test/setup/count-reporter.ts'],
  },
});
