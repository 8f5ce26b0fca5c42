import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { RunError } from '../../common/errors.ts';

const program = fileURLToPath(new URL('../textcraftor.mjs', import.meta.url));

/** `textcraftor run CONFIG --set ...` in a process of its own. @returns the run's id, however it ended */
export function runCommand(config: string, settings: readonly string[]): Promise<string> {
  const args = [program, 'run', config, ...settings.flatMap((setting) => ['--set', setting]), '--json'];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const output: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => output.push(part));
    child.on('error', reject);
    child.on('close', (code) => {
      const text = Buffer.concat(output).toString();
      if (text.startsWith('{')) resolve((JSON.parse(text) as { run: string }).run);
      else reject(new RunError(`A run of the comparison did not begin: exit code ${code}; what it said is above.`));
    });
  });
}
