import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { RunError } from '../../common/errors.ts';
import { endsWithThisProcess } from '../world/children.ts';
import type { Check } from './checks.ts';

/**
 * {@link file://./checks.ts} Runs the checks in a child process, which blocks on compilers and libraries and receives
 * no signals meanwhile. It ends with this process, and so does everything that it started.
 */
export async function runChecksInChild(): Promise<Check[]> {
  const child = fork(fileURLToPath(new URL('checks-child.ts', import.meta.url)), [], {
    execArgv: ['--import', import.meta.resolve('tsx')],
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  endsWithThisProcess(child, { group: true });
  let checks: Check[] | undefined;
  child.on('message', (found) => (checks = found as Check[]));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (checks) return checks;
  throw new RunError(
    `The checks ended with ${signal ?? `exit code ${code}`} and without a result; see their output above.`,
  );
}
