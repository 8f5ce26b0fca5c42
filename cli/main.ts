import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { inspect } from 'node:util';
import { CancelledError, RunError } from '../common/errors.ts';
import { onNotice } from '../common/notices.ts';
import { reasonOf } from '../common/text/reason.ts';
import { systemError } from '../common/system-error.ts';
import { visible } from '../common/text/visible.ts';
import { registerCommands } from './commands/register-commands.ts';
import { arrangeHelp, helpForm } from './help/arrange-help.ts';
import { interruptedCode, listenForInterrupts } from './signals.ts';
import { printError, printMessage } from './print.ts';
import { requireUtf8 } from './utf8.ts';
import { refuseRepeats, requireValues } from './values.ts';

/** Exit code for wrong usage: an unknown command or option, a missing argument. */
const usage = 2;
const longestMessage = 1800;
const lingerMilliseconds = 10_000;

function version(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** Prints an error, on one line if it was foreseen, and returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usage; // commander has printed it
  const known = systemError(error);
  if (process.env['TEXTCRAFTOR_DEBUG']) printError(inspect(error));
  else if (known) printMessage(known.message);
  else {
    const message = reasonOf(error, longestMessage);
    printMessage(
      `unexpected ${error instanceof Error ? `${error.name}: ${message}` : message} (TEXTCRAFTOR_DEBUG=1 shows where)`,
    );
  }
  if (error instanceof CancelledError) return interruptedCode() ?? error.exitCode;
  return known?.exitCode ?? 1;
}

/** Ends quietly when the reader of a pipe has gone, as in `textcraftor list | head`. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  const reason = error.code === 'ENOSPC' ? 'the disk is full' : reasonOf(error);
  throw new RunError(`The output of this command cannot be written: ${reason}.`);
}

/**
 * Runs the command line.
 *
 * @param args the words after `textcraftor`
 */
export async function main(args: string[]): Promise<void> {
  listenForInterrupts();
  onNotice(printMessage);
  process.stdout.on('error', endWithReader);
  process.stderr.on('error', () => {}); // it cannot be reported; the exit code shows it
  process.on('uncaughtException', (error) => process.exit(report(error)));
  const program = new Command('textcraftor')
    .description('Tune the text encoder of a text-to-image model with reward models.')
    .version(version())
    .exitOverride()
    .configureHelp(helpForm)
    .enablePositionalOptions() // --version after a command is that command's own
    .configureOutput({ outputError: (text, write) => write(visible(text.replace(/^error: /, 'textcraftor: '))) });
  program.hook('preAction', (_, command) => requireValues(command));
  try {
    requireUtf8(args);
    await registerCommands(program, args);
    arrangeHelp(program);
    refuseRepeats(program);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = report(error);
  }
  // Everything is printed. A server that does not answer or a full disk may keep a connection from closing.
  setTimeout(() => process.exit(), lingerMilliseconds).unref();
}
