import { cut } from './short.ts';

/** Longer messages tell nothing more. */
const longest = 300;

/**
 * What a library, a program or the system said of a failure, on one line: a part of a sentence of ours.
 * @param length characters at most
 */
export function reasonOf(error: unknown, length = longest): string {
  const message = error instanceof Error ? error.message : String(error);
  return cut(message.trim().replace(/\s*[\r\n\v\f\u0085\u2028\u2029]\s*/g, ' '), length);
}
