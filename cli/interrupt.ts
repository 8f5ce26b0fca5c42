import { once } from 'node:events';
import { CancelledError } from '../common/errors.ts';
import { printMessage } from './print.ts';

/** 128 and the signal's number, as shells have it. */
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
type Interrupt = keyof typeof exitCodes;
const interrupts = Object.keys(exitCodes) as Interrupt[];

/** What ends in an orderly way ends within this time: a stage's process has 10 s, a server's answer 20 s. */
const orderlyMilliseconds = 60_000;

const controller = new AbortController();
let handled = false;
let code: number | undefined;
let advice: string | undefined;

/**
 * For a command that has something to stop in an orderly way: a signal that is aborted, with a CancelledError, at the
 * first Ctrl-C, SIGTERM or SIGHUP. Until a command asks for it, at the second one, and when the command has not ended in
 * a minute, the process ends at once.
 */
export function interruption(): AbortSignal {
  handled = true;
  return controller.signal;
}

/** What `work` comes to; as soon as the command is interrupted, its CancelledError, whatever `work` is about. */
export async function unlessInterrupted<T>(work: Promise<T>): Promise<T> {
  const signal = interruption();
  signal.throwIfAborted();
  work.catch(() => {}); // it may fail after nobody waits any more
  const waiting = new AbortController();
  const interrupted = once(signal, 'abort', { signal: waiting.signal }).then(() => signal.throwIfAborted());
  interrupted.catch(() => {});
  try {
    return (await Promise.race([work, interrupted])) as T;
  } finally {
    waiting.abort();
  }
}

/** How to go on with the command, should it be interrupted: completes "Interrupted; ...". */
export function whenInterrupted(how: string): void {
  advice = how;
}

const sentence = (): string => `Interrupted${advice === undefined ? '.' : `; ${advice}`}`;

const listeners = new Map<Interrupt, () => void>();

/** Ends the process with exit code 129, 130 or 143, or leaves that to the command that asked for it. */
export function listenForInterrupts(): void {
  for (const name of interrupts) {
    const listener = (): void => {
      if (!handled) printMessage(sentence());
      if (!handled || controller.signal.aborted) process.exit(exitCodes[name]);
      code = exitCodes[name];
      setTimeout(() => process.exit(exitCodes[name]), orderlyMilliseconds).unref();
      controller.abort(new CancelledError(sentence()));
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
