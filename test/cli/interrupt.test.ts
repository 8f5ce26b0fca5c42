import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';

const module = new URL('../../cli/interrupt.ts', import.meta.url).href;

/** Runs a program that listens for interrupts, sends it SIGINT `times` times, and returns its exit code and output. */
async function interrupt(program: string, times: number): Promise<{ code: number | null; output: string }> {
  const code = `import { interruption, listenForInterrupts } from '${module}'; listenForInterrupts(); ${program}`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code]);
  const closed = once(child, 'close') as Promise<[number | null]>;
  let output = '';
  let sent = 0;
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
    if (sent < times) {
      sent++;
      child.kill('SIGINT');
    }
  });
  const [exitCode] = await closed;
  return { code: exitCode, output };
}

it('ends with 130 at the first Ctrl-C when no command handles it', async () => {
  expect(await interrupt("setInterval(() => {}, 1000); console.log('ready');", 1)).toEqual({
    code: 130,
    output: 'ready\n',
  });
});

it('lets a command that handles Ctrl-C end in its own way', async () => {
  const program = `
    const timer = setInterval(() => {}, 1000);
    interruption().addEventListener('abort', ({ target }) => { console.log(target.reason.name); clearInterval(timer); });
    console.log('ready');`;
  expect(await interrupt(program, 1)).toEqual({ code: 0, output: 'ready\nCancelledError\n' });
});

it('ends with 130 at the second Ctrl-C when the command does not come to an end', async () => {
  const program = `
    setInterval(() => {}, 1000);
    interruption().addEventListener('abort', () => console.log('stopping'));
    console.log('ready');`;
  expect(await interrupt(program, 2)).toEqual({ code: 130, output: 'ready\nstopping\n' });
});
