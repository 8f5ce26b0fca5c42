import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/**
 * Ends the output with one line that programs can read: `N passed, N failed`, and `, N skipped` if any were. A file
 * that cannot be loaded and an error outside of any test count as a failure each.
 */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      let own = 0;
      for (const test of module.children.allTests()) {
        counts[test.result().state]++;
        if (test.result().state === 'failed') own++;
      }
      if (module.state() === 'failed' && own === 0) counts.failed++;
    }
    const skipped = counts.skipped + counts.pending;
    console.log(`${counts.passed} passed, ${counts.failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  }
}
