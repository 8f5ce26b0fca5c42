import { once } from 'node:events';
import { CancelledError } from './errors.ts';

const controller = new AbortController();
let handled = false;
let advice: string | undefined;

/**
 * Returns a signal that is aborted, with a CancelledError, when the process is asked to end: for work that has to stop
 * in an orderly way.
 */
export function interruption(): AbortSignal {
  handled = true;
  return controller.signal;
}

/**
 * Resolves as `work` does, or rejects with a CancelledError as soon as the process is asked to end, whatever `work` is
 * doing.
 */
export async function unlessInterrupted<T>(work: Promise<T>): Promise<T> {
  const signal = interruption();
  signal.throwIfAborted();
  work.catch(() => {}); // It may fail when nothing waits for it any more.
  const waiting = new AbortController();
  const interrupted = once(signal, 'abort', { signal: waiting.signal }).then(() => signal.throwIfAborted());
  interrupted.catch(() => {});
  try {
    return (await Promise.race([work, interrupted])) as T;
  } finally {
    waiting.abort();
  }
}

/** Sets the advice after an interruption; it completes "Interrupted; ...". */
export function whenInterrupted(how: string): void {
  advice = how;
}

/** The sentence shown after an interruption. */
export const interruptedSentence = (): string => `Interrupted${advice === undefined ? '.' : `; ${advice}`}`;

/** Asks the work to stop. @returns whether anything listens, and whether it was asked before */
export function interrupt(): { heard: boolean; again: boolean } {
  const again = controller.signal.aborted;
  if (handled && !again) controller.abort(new CancelledError(interruptedSentence()));
  return { heard: handled, again };
}
