import { interrupt, interruptedSentence } from '../common/interrupt.ts';
import { printMessage } from './print.ts';

/** Exit codes: 128 plus the signal's number, as in shells. */
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
type Interrupt = keyof typeof exitCodes;
const interrupts = Object.keys(exitCodes) as Interrupt[];

/** Time limit of an orderly end: a stage's process has 10 s, a server's answer 20 s. */
const orderlyMilliseconds = 60_000;

let code: number | undefined;

const listeners = new Map<Interrupt, () => void>();

/**
 * Interrupts the work that listens ({@link file://../common/interrupt.ts}) at the first Ctrl-C, SIGTERM or SIGHUP. If
 * nothing listens, at the second signal, or when the command has not ended in a minute, the process ends at once with
 * exit code 129, 130 or 143.
 */
export function listenForInterrupts(): void {
  for (const name of interrupts) {
    const listener = (): void => {
      const { heard, again } = interrupt();
      if (!heard) printMessage(interruptedSentence());
      if (!heard || again) process.exit(exitCodes[name]);
      code = exitCodes[name];
      setTimeout(() => process.exit(exitCodes[name]), orderlyMilliseconds).unref();
    };
    listeners.set(name, listener);
    process.on(name, listener);
  }
}

/**
 * Lets the system end this process at once on a signal, for commands that compute in it: native code keeps Node from
 * handling signals. Their files are written whole or not at all.
 */
export function leaveInterruptsToSystem(): void {
  for (const [name, listener] of listeners) process.off(name, listener);
  listeners.clear();
}

/** Returns the exit code of the signal that interrupted the command; undefined when none did. */
export function interruptedCode(): number | undefined {
  return code;
}
