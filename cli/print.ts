import { cut } from '../common/text/short.ts';
import { visible, visibleLine } from '../common/text/visible.ts';

/** All that commands print goes through here: nothing of a file, a name or a prompt steers the terminal. */

/** Lines on the standard output. */
export function print(text: string): void {
  process.stdout.write(`${visible(text)}\n`);
}

/** Lines on the standard error. */
export function printError(text: string): void {
  process.stderr.write(`${visible(text)}\n`);
}

/** Longer messages tell nothing more. */
const longestMessage = 2000;

/** An error or a warning, on one line of bounded length. */
export function printMessage(text: string): void {
  process.stderr.write(`${cut(visibleLine(`textcraftor: ${text}`), longestMessage)}\n`);
}
