import { CancelledError } from '../common/errors.ts';

const exitCodes = { SIGINT: 130, SIGTERM: 143 };
const controller = new AbortController();
let handled = false;

/**
 * For a command that has something to stop in an orderly way: a signal that is aborted, with a CancelledError, at the
 * first Ctrl-C or SIGTERM. Until a command asks for it, and at the second Ctrl-C, the process ends at once.
 */
export function interruption(): AbortSignal {
  handled = true;
  return controller.signal;
}

/** Ends the process with exit code 130 (SIGINT) or 143 (SIGTERM), or leaves that to the command that asked for it. */
export function listenForInterrupts(): void {
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      if (!handled || controller.signal.aborted) process.exit(exitCodes[name]);
      controller.abort(new CancelledError('Interrupted.'));
    });
}
