import { runChecks } from './checks.ts';

// Checks the machine for its parent process.

process.send!(await runChecks());
process.disconnect();
