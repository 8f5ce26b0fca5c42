import { isUtf8 } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import { InputError } from '../common/errors.ts';

/** Node replaces bytes that are not UTF-8 by this character, so the name no longer leads to its file. */
const replacement = '\ufffd';

/**
 * Refuses arguments, a current folder or a home that are not UTF-8, since Node changes them.
 * @throws InputError that names it
 */
export function requireUtf8(args: readonly string[], environment = process.env): void {
  const argument = args.find((each) => each.includes(replacement));
  if (argument !== undefined && !isUtf8(commandLine()))
    throw new InputError(`${argument}: this argument is not UTF-8; rename the file that it names.`);
  const home = environment['TEXTCRAFTOR_HOME'] ?? '';
  const folder = [process.cwd(), home].find((each) => each.includes(replacement) && !existsSync(each));
  if (folder !== undefined) throw new InputError(`${folder}: the name of this folder is not UTF-8; rename it.`);
}

/** Reads the bytes of the command line, if the system provides them. */
function commandLine(): Buffer {
  try {
    return readFileSync('/proc/self/cmdline');
  } catch {
    return Buffer.alloc(0);
  }
}
