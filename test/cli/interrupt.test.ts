import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';

const listening = new URL('../../cli/signals.ts', import.meta.url).href;
const interrupting = new URL('../../common/interrupt.ts', import.meta.url).href;

/** Runs a program that listens for interrupts, sends it a signal `times` times, and returns its exit code and output. */
async function interrupt(
  program: string,
  times: number,
  signal: NodeJS.Signals = 'SIGINT',
): Promise<{ code: number | NodeJS.Signals | null; output: string; said: string }> {
  const code = `import { leaveInterruptsToSystem, listenForInterrupts } from '${listening}'; import { interruption, unlessInterrupted, whenInterrupted } from '${interrupting}'; listenForInterrupts(); ${program}`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code]);
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  let output = '';
  let said = '';
  let sent = 0;
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
    if (sent < times) {
      sent++;
      child.kill(signal);
    }
  });
  const [exitCode, by] = await closed;
  return { code: exitCode ?? by, output, said };
}

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('ends at the first %s with %i when no command handles it', async (signal, code) => {
  const program = "setInterval(() => {}, 1000); console.log('ready');";
  expect(await interrupt(program, 1, signal)).toEqual({
    code,
    output: 'ready\n',
    said: 'textcraftor: Interrupted.\n',
  });
});

it('says how to continue', async () => {
  const program = "setInterval(() => {}, 1000); whenInterrupted('start it again.'); console.log('ready');";
  expect((await interrupt(program, 1)).said).toBe('textcraftor: Interrupted; start it again.\n');
});

it('ends in the middle of a computation that blocks signals', async () => {
  const program = "leaveInterruptsToSystem(); console.log('ready'); setTimeout(() => { for (;;); }, 0);";
  expect(await interrupt(program, 1, 'SIGTERM')).toMatchObject({ code: 'SIGTERM', output: 'ready\n' });
});

it('stops waiting for something that never happens', async () => {
  const program = `
    const timer = setInterval(() => {}, 1000);
    console.log('ready');
    await unlessInterrupted(new Promise(() => {})).catch(({ name }) => console.log(name));
    console.log(await unlessInterrupted(Promise.resolve(1)).catch(({ name }) => name));
    clearInterval(timer);`;
  const { output } = await interrupt(program, 1, 'SIGHUP');
  expect(output).toBe('ready\nCancelledError\nCancelledError\n');
});

it('lets a command that handles Ctrl-C end in its own way', async () => {
  const program = `
    const timer = setInterval(() => {}, 1000);
    interruption().addEventListener('abort', ({ target }) => { console.log(target.reason.name); clearInterval(timer); });
    console.log('ready');`;
  expect(await interrupt(program, 1)).toMatchObject({ code: 0, output: 'ready\nCancelledError\n' });
});

it('ends with 130 at the second Ctrl-C when the command does not end', async () => {
  const program = `
    setInterval(() => {}, 1000);
    interruption().addEventListener('abort', () => console.log('stopping'));
    console.log('ready');`;
  expect(await interrupt(program, 2)).toMatchObject({ code: 130, output: 'ready\nstopping\n' });
});
