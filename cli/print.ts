import { cut } from '../common/text/short.ts';
import { visible, visibleLine } from '../common/text/visible.ts';

/** All output of commands goes through here, so that no file, name or prompt can control the terminal. */

/** Prints lines to standard output. */
export function print(text: string): void {
  process.stdout.write(`${visible(text)}\n`);
}

/** Prints lines to standard error. */
export function printError(text: string): void {
  process.stderr.write(`${visible(text)}\n`);
}

/** Longer messages add no information. */
const longestMessage = 2000;

/** Prints an error or a warning on one line of bounded length. */
export function printMessage(text: string): void {
  process.stderr.write(`${cut(visibleLine(`textcraftor: ${text}`), longestMessage)}\n`);
}
