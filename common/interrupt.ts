import { once } from 'node:events';
import { CancelledError } from './errors.ts';

const controller = new AbortController();
let handled = false;
let advice: string | undefined;

/**
 * For work that has something to stop in an orderly way: a signal that is aborted, with a CancelledError, when the process
 * is asked to end.
 */
export function interruption(): AbortSignal {
  handled = true;
  return controller.signal;
}

/** What `work` comes to; as soon as the process is asked to end, a CancelledError, whatever `work` is about. */
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

/** How to go on after an interruption: completes "Interrupted; ...". */
export function whenInterrupted(how: string): void {
  advice = how;
}

/** What is said of an interruption. */
export const interruptedSentence = (): string => `Interrupted${advice === undefined ? '.' : `; ${advice}`}`;

/** Asks the work to stop. @returns whether anything listens, and whether it was asked before */
export function interrupt(): { heard: boolean; again: boolean } {
  const again = controller.signal.aborted;
  if (handled && !again) controller.abort(new CancelledError(interruptedSentence()));
  return { heard: handled, again };
}
