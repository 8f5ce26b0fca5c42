import { isUtf8 } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import { InputError } from '../common/errors.ts';

/** Node puts this sign in the place of what is not UTF-8: such a name leads elsewhere or nowhere. */
const replacement = '\ufffd';

/**
 * Refuses what reached the command other than it was meant: arguments, current folder or home that are not UTF-8.
 * @throws InputError that names it
 */
export function requireUtf8(args: readonly string[], environment = process.env): void {
  const argument = args.find((each) => each.includes(replacement));
  if (argument !== undefined && !isUtf8(commandLine()))
    throw new InputError(`${argument}: this argument is not UTF-8; rename what it names.`);
  const home = environment['TEXTCRAFTOR_HOME'] ?? '';
  const folder = [process.cwd(), home].find((each) => each.includes(replacement) && !existsSync(each));
  if (folder !== undefined) throw new InputError(`${folder}: the name of this folder is not UTF-8; rename it.`);
}

/** The bytes of the command line, where the system tells them. */
function commandLine(): Buffer {
  try {
    return readFileSync('/proc/self/cmdline');
  } catch {
    return Buffer.alloc(0);
  }
}
