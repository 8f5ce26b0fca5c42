import { runChecks } from './checks.ts';

// Looks at the machine for its parent.

process.send!(await runChecks());
process.disconnect();
