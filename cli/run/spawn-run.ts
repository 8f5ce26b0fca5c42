import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { RunError } from '../../common/errors.ts';
import { interruption, whenInterrupted } from '../../common/interrupt.ts';

const program = fileURLToPath(new URL('../textcraftor.mjs', import.meta.url));

/**
 * Runs `textcraftor run CONFIG --set ...` in its own process.
 * @param config undefined for the default configuration
 * @param options further command-line options
 * @returns the run's id, however it ended
 * @throws CancelledError when this command is interrupted, and the run with it
 */
export function runCommand(
  config: string | undefined,
  settings: readonly string[],
  options: readonly string[] = [],
): Promise<string> {
  const named = config === undefined ? [] : [config];
  const args = [program, 'run', ...named, ...settings.flatMap((setting) => ['--set', setting]), ...options, '--json'];
  whenInterrupted('start the same command again: finished work is reused.');
  const interrupted = interruption();
  interrupted.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    // It writes checkpoints, and ends its own processes.
    const stop = (): void => void child.kill('SIGTERM');
    interrupted.addEventListener('abort', stop, { once: true });
    const output: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => output.push(part));
    child.on('error', reject);
    child.on('close', (code) => {
      interrupted.removeEventListener('abort', stop);
      if (interrupted.aborted) return reject(interrupted.reason as Error);
      const text = Buffer.concat(output).toString();
      if (text.startsWith('{')) resolve((JSON.parse(text) as { run: string }).run);
      else reject(new RunError(`A run did not start: exit code ${code}; see its output above.`));
    });
  });
}
