import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { namespaceOf } from '../../../temporal/server/server-identity.ts';
import { homeId } from '../../../pipeline/runs/home-id.ts';
import { Home } from '../../../pipeline/runs/home.ts';
import { temporaryFolder } from '../../setup/temporary-folder.ts';
import { Command, diamond, lastRun, processesWith, textcraftor } from '../command.ts';
import { until } from '../../setup/watchdog.ts';

// Workers as users start them: `textcraftor worker`.

function worker(home: string, args: readonly string[] = [], environment: NodeJS.ProcessEnv = {}): Command {
  const command = new Command(home, ['worker', ...args], environment);
  onTestFinished(async () => {
    command.process.kill('SIGKILL');
    await command.ended;
  });
  return command;
}
const ready = async (command: Command): Promise<string> => {
  const address = () => /Worker on (127\.0\.0\.1:\d+) for/.exec(command.stdout)?.[1];
  const progress = () => [command.stdout, command.stderr];
  return (await until('the worker to be ready', address, Boolean, { progress }))!;
};
const end = async (command: Command) => {
  command.process.kill('SIGINT');
  return command.ended;
};

describe('a worker', () => {
  it('tells programs its address when it is ready', async () => {
    const home = await temporaryFolder();
    const command = worker(home, ['--queue', 'pipeline', '--json']);
    await until('the worker to be ready', () => command.stdout.includes('}'), Boolean, {
      progress: () => command.stderr,
    });
    expect(JSON.parse(command.stdout)).toEqual({
      address: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
      queues: ['pipeline'],
      folder: home,
      own: true,
    });
    expect((await end(command)).code).toBe(0);
  });

  it('ends with exit code 2 and says so when its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await textcraftor(await temporaryFolder(), 'worker', '--port', String(port));
    expect(code).toBe(2);
    expect(stderr).toBe(
      `textcraftor: Port ${port} of 127.0.0.1 cannot be used: another program listens there. Choose another with --port, or omit it.\n`,
    );
  });

  it("has its own server beside another project's, and shares it with workers of its project", async () => {
    const [one, two] = [await temporaryFolder(), await temporaryFolder()];
    const known = join(new Home(one).temporal, 'server.json');
    const first = worker(one);
    const address = await ready(first);
    const record = await readFile(known, 'utf8');

    const [second, third] = [worker(one), worker(one)];
    for (const joined of [second, third]) expect(await ready(joined)).toBe(address);
    const beside = worker(two);
    expect(await ready(beside)).not.toBe(address);
    const taken = await textcraftor(two, 'worker', '--port', address.split(':')[1]!);
    expect(taken).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('another worker of this project already has its'),
    });

    await end(second);
    expect(await readFile(known, 'utf8')).toBe(record);
    expect((await textcraftor(one, 'schedule', 'list')).stdout).toContain('There are no schedules yet');
    await end(first);
    await expect(readFile(known, 'utf8')).rejects.toThrow('ENOENT');
    expect(await third.ended).toMatchObject({ code: 1, stderr: expect.stringContaining('is gone with the worker') });
    const { code, stderr } = await textcraftor(one, 'schedule', 'list');
    expect([code, stderr]).toEqual([1, expect.stringContaining('No Temporal server keeps schedules here')]);
  });

  it('waits for the server of another live worker, and never opens its database beside it', async () => {
    const home = await temporaryFolder();
    const first = worker(home);
    const address = await ready(first);
    const servers = async () => processesWith(namespaceOf(await homeId(new Home(home))));
    first.process.kill('SIGSTOP'); // so that it does not start its server again
    for (const pid of await servers()) process.kill(pid, 'SIGKILL');
    await until('its server to end', servers, (pids) => pids.length === 0);
    const [second, third] = [worker(home), worker(home)];
    for (const { stderr } of [second, third].map((each) => ({ stderr: () => each.stderr })))
      await until('the word that it waits', stderr, (said) => said.includes("Waiting for this project's other worker"));
    expect(await servers()).toEqual([]);
    third.process.kill('SIGTERM');
    expect(await third.ended).toMatchObject({
      code: 143,
      stderr: expect.stringContaining('textcraftor: Interrupted.'),
    });
    first.process.kill('SIGCONT');
    expect(await ready(second)).toBe(address);
    await end(second);
    await end(first);
  });

  it('runs only its own project on a shared server', async () => {
    const [one, two] = [await temporaryFolder(), await temporaryFolder()];
    const TEMPORAL_ADDRESS = await ready(worker(one));
    const beside = worker(two, [], { TEMPORAL_ADDRESS });
    await ready(beside);
    for (const home of [two, one]) {
      const run = new Command(home, ['run', ...diamond, '--json'], { TEMPORAL_ADDRESS });
      const { code, stderr } = await run.ended;
      expect(code).toBe(0);
      expect(stderr).not.toContain('No worker listens');
      expect(await lastRun(home)).toMatchObject({ status: 'completed', address: TEMPORAL_ADDRESS });
    }
  });
});
