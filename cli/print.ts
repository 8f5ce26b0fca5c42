import { cut } from '../common/text/short.ts';
import { visible, visibleLine } from '../common/text/visible.ts';
import { colorStates } from './color.ts';
import { asTyped } from './typed-name.ts';

/** All output of commands goes through here, so that no file, name or prompt can control the terminal. */

/** Prints data to standard output. */
export function print(text: string): void {
  process.stdout.write(`${visible(text)}\n`);
}

/**
 * Prints lines for people to standard output: commands in them as they work here, and the words of states in color where
 * that is a terminal that takes it.
 */
export function say(text: string): void {
  process.stdout.write(`${colorStates(visible(asTyped(text)))}\n`);
}

/** Prints an object as JSON, or the lines for people that say the same. */
export function answer(json: true | undefined, value: object, text: string): void {
  if (json) print(JSON.stringify(value, null, 2));
  else say(text);
}

/** Prints lines to standard error. */
export function printError(text: string): void {
  process.stderr.write(`${visible(asTyped(text))}\n`);
}

/** Longer messages add no information. */
const longestMessage = 2000;

/** Prints an error or a warning on one line of bounded length. */
export function printMessage(text: string): void {
  process.stderr.write(`${cut(visibleLine(`textcraftor: ${asTyped(text)}`), longestMessage)}\n`);
}
