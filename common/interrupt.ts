import { once } from 'node:events';
import { CancelledError } from './errors.ts';

const controller = new AbortController();
let handled = false;

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

/** Asks the work to stop. @returns false when nothing listens, or it was asked before */
export function interrupt(): boolean {
  if (!handled || controller.signal.aborted) return false;
  controller.abort(new CancelledError('Interrupted.'));
  return true;
}
