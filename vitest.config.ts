import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Native add-ons do not live in worker threads; two processes, for TensorFlow takes the other cores.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Of a second there may be nothing left on a loaded machine.
    expect: { poll: { timeout: 60_000, interval: 50 } },
    reporters: ['default', './test/setup/count-reporter.ts'],
  },
});
