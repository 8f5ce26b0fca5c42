import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startHub } from '../../fixtures/hub-server.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';
import { Command, processesWith } from '../command.ts';
import { until } from '../../setup/watchdog.ts';

// Long commands, stopped while they work as by a machine that shuts down.

function start(home: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): Command {
  const command = new Command(home, args, more);
  onTestFinished(async () => {
    command.process.kill('SIGKILL');
    await command.ended;
    for (const pid of await processesWith(home)) process.kill(pid, 'SIGKILL');
  });
  return command;
}

/** Waits until a command does the work in which it will be stopped. Fails when it ends first. */
async function untilAtWork(command: Command, isAtWork: () => boolean | Promise<boolean>): Promise<void> {
  const progress = () => [command.stdout, command.stderr];
  await until('the work', async () => command.process.exitCode !== null || (await isAtWork()), Boolean, { progress });
  expect(command.process.exitCode, command.stderr).toBeNull();
}

async function stop(home: string, command: Command): Promise<string> {
  command.process.kill('SIGTERM');
  const { code, stderr } = await command.ended;
  expect(code).toBe(143);
  await until(
    'its processes to end',
    () => processesWith(home),
    (pids) => pids.length === 0,
  );
  return stderr;
}

describe('SIGTERM ends at once, and says how to continue,', () => {
  it('the building of a world, with all its steps', async () => {
    const home = await temporaryFolder();
    const [out, work] = [join(home, 'world'), join(home, 'steps')];
    const command = start(home, ['world', 'build', '--world', 'shapes', '--out', out, '--work', work]);
    await untilAtWork(command, async () => (await processesWith(work)).length > 1);
    expect(await stop(home, command)).toContain(
      'textcraftor: Interrupted; start the same command again: finished steps are kept.\n',
    );
  });

  it.each([
    ['ablate', ['--set', 'ablations=[{ seed: [1, 2] }]']],
    ['paper', ['--quick', '--lanes', '1']],
  ])('%s, with its running run', async (name, args) => {
    const home = await temporaryFolder();
    const command = start(home, [name, ...args, '--out', home]);
    await untilAtWork(command, () => /^ingest /m.test(command.stderr));
    const said = await stop(home, command);
    expect(said).toMatch(/was interrupted; continue with: textcraftor resume/);
    expect(said).toContain('textcraftor: Interrupted; start the same command again: finished work is reused.\n');
  });

  it('a download, whose received part is kept', async () => {
    await using hub = await startHub({
      'models/owner/clip': { files: { 'config.json': '{}', 'model.safetensors': Buffer.alloc(2_000_000) } },
    });
    hub.faults.stallAfter = { 'model.safetensors': 1_000_000 };
    const home = await temporaryFolder();
    const more = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: join(home, 'hub') };
    const command = start(home, ['run', '--set', 'rewards.clip.model=owner/clip'], more);
    await untilAtWork(command, () => command.stderr.includes('downloading model.safetensors'));
    expect(await stop(home, command)).toContain(
      'textcraftor: Interrupted; start the same command again: what was downloaded is kept.\n',
    );
  });
});
