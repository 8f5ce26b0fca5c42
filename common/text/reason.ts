import { cut } from './short.ts';

/** Longer messages add nothing. */
const longest = 300;

/**
 * Returns the message of a failure in a library, a program or the system on one line, to quote in an error message.
 * @param length most characters
 */
export function reasonOf(error: unknown, length = longest): string {
  const message = error instanceof Error ? error.message : String(error);
  return cut(message.trim().replace(/\s*[\r\n\v\f\u0085\u2028\u2029]\s*/g, ' '), length);
}
