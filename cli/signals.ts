import { interrupt, interruptedSentence } from '../common/interrupt.ts';
import { printMessage } from './print.ts';

/** 128 and the signal's number, as shells have it. */
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
type Interrupt = keyof typeof exitCodes;
const interrupts = Object.keys(exitCodes) as Interrupt[];

/** What ends in an orderly way ends within this time: a stage's process has 10 s, a server's answer 20 s. */
const orderlyMilliseconds = 60_000;

let code: number | undefined;

const listeners = new Map<Interrupt, () => void>();

/**
 * At the first Ctrl-C, SIGTERM or SIGHUP, interrupts the work that listens ({@link file://../common/interrupt.ts}). Where
 * none does, at the second signal, and when the command has not ended in a minute, the process ends at once, with exit code
 * 129, 130 or 143.
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
 * For a command that computes in this process: native code does not let the process look at signals, so the system ends it
 * instead, at once. What it writes it writes whole or not at all.
 */
export function leaveInterruptsToSystem(): void {
  for (const [name, listener] of listeners) process.off(name, listener);
  listeners.clear();
}

/** The exit code of the signal that has interrupted the command; undefined when none has. */
export function interruptedCode(): number | undefined {
  return code;
}
