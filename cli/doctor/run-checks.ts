import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { RunError } from '../../common/errors.ts';
import { endsWithThisProcess } from '../world/children.ts';
import type { Check } from './checks.ts';

/**
 * {@link file://./checks.ts} in a process of its own: it waits for compilers and libraries, and hears no signal meanwhile. With this
 * process it ends, and with it what it has started.
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
    `The checks ended with ${signal ?? `exit code ${code}`} and without a result; what they said is above.`,
  );
}
