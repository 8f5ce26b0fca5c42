import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { connectTemporal } from '../../temporal/connection.ts';
import { DevServer } from '../../temporal/server/dev-server.ts';
import { isServerOf } from '../../temporal/server/server-identity.ts';
import { joinLocalServer, openWorkerServer } from '../../temporal/server/local-server.ts';
import { freePort } from '../../temporal/server/ports.ts';
import { hasSearchAttributes } from '../../temporal/server/server-attributes.ts';
import { attachOwn } from '../../temporal/server/server-connection.ts';
import { InputError, RunError } from '../../common/errors.ts';
import { Home } from '../../pipeline/runs/home.ts';
import { processStart } from '../../pipeline/runs/lease.ts';
import { findTemporal } from '../../scripts/setup/temporal.mjs';
import { temporaryFolder } from '../setup/temporary-folder.ts';
import { processesWith } from '../cli/command.ts';
import { filesBelow, until } from '../setup/watchdog.ts';

const command = findTemporal()!.value;

/** A program that listens on a port and never answers. */
async function squatter(): Promise<number> {
  const server: Server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** The ports on which the server reports to listen. */
async function portsOf(log: string): Promise<number[]> {
  const text = await readFile(log, 'utf8');
  return [...text.matchAll(/:(\d{4,5})\b/g)].map(([, port]) => Number(port));
}

it('says so when it is not restarted any more', async () => {
  const folder = await temporaryFolder();
  const program = join(folder, 'server.sh');
  const script = `#!/bin/sh\n[ -e '${folder}/broken' ] && exit 1\nexec '${command}' "$@"\n`;
  await writeFile(program, script, { mode: 0o755 });
  const server = await DevServer.start({ command: program, folder, restarts: 2 });
  onTestFinished(() => server.stop());
  await writeFile(join(folder, 'broken'), '');
  for (const pid of await processesWith(`--port ${server.address.split(':')[1]}`.replaceAll(' ', '\0')))
    process.kill(pid, 'SIGKILL');
  expect(await server.lost).toEqual(
    new RunError(
      `Temporal's development server on ${server.address} ended 3 times in a row; its log is ${join(folder, 'temporal.log')}.`,
    ),
  );
});

describe('the development server', () => {
  let folder: string;
  let server: DevServer;
  const id = 'a'.repeat(32);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'textcraftor-test-'));
    server = await DevServer.start({ command, folder, homeId: id });
  });
  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true });
  });

  it('obeys no web page, whatever host name it uses', async () => {
    const order = JSON.stringify({
      workflowType: { name: 'runPipeline' },
      taskQueue: { name: 'textcraftor' },
      input: [{ run: '../../../evil', stages: [], fresh: [] }],
    });
    const log = join(folder, 'temporal.log'); // written once it is ready
    await until(
      'the log of its ports',
      () => portsOf(log),
      (ports) => ports.length > 2,
    );
    const ports = new Set([Number(server.address.split(':')[1]), ...(await portsOf(log))]);
    let forbidden = 0;
    for (const port of ports)
      for (const [method, path] of [
        ['POST', 'api/v1/namespaces/default/workflows/evil'],
        ['POST', 'api/v1/namespaces/default/workflows/evil/signal/x'],
        ['GET', 'api/v1/namespaces'],
        ['GET', 'api/v1/namespaces/default/workflows'],
      ] as const) {
        const headers = { 'content-type': 'text/plain', origin: 'http://evil.example' };
        const status = await fetch(`http://127.0.0.1:${port}/${path}`, {
          method,
          headers,
          ...(method === 'POST' ? { body: order } : {}),
        }).then(
          (response) => response.status,
          () => 0, // gRPC's port speaks no HTTP/1
        );
        expect([0, 403, 404]).toContain(status);
        if (status === 403) forbidden += 1;
      }
    expect(forbidden).toBeGreaterThan(0); // the API was found, and is closed
    const connection = await connectTemporal({ address: server.address });
    const { executions } = await connection.workflowService
      .listWorkflowExecutions({ namespace: 'default' })
      .finally(() => connection.close());
    expect(executions).toEqual([]);
  });

  it('lets only its user read its database', async () => {
    expect((await stat(join(folder, 'temporal.db'))).mode & 0o077).toBe(0);
  });

  it('proves its home, and finds runs by their attributes', async () => {
    const connection = await connectTemporal({ address: server.address });
    expect(await isServerOf(connection, id)).toBe(true);
    expect(await isServerOf(connection, 'b'.repeat(32))).toBe(false);
    expect(await hasSearchAttributes({ connection, namespace: 'default' })).toBe(true);
    await connection.close();
  });

  it('of another home is refused by name', async () => {
    const other = new Home(await temporaryFolder());
    await expect(attachOwn(other, server.address)).rejects.toThrow(
      `The Temporal server at ${server.address} is not this project's`,
    );
    await expect(attachOwn(other, server.address)).rejects.toThrow(InputError);
  });

  it('is not started on a port that is taken', async () => {
    const port = await squatter();
    const rest = { command, folder: await temporaryFolder() };
    await expect(DevServer.start({ ...rest, port })).rejects.toThrow(
      `Port ${port} of 127.0.0.1 cannot be used: another program listens there. Choose another with --port`,
    );
    await expect(DevServer.start({ ...rest, uiPort: port })).rejects.toThrow('--ui-port');
    const [, own] = server.address.split(':');
    await expect(DevServer.start({ ...rest, port: Number(own) })).rejects.toThrow(InputError);
  });
});

it('restarts on a new database when its own is damaged while it runs', async () => {
  const folder = await temporaryFolder();
  const [wrapper, trigger, told] = ['temporal', 'trigger', 'told'].map((name) => join(folder, name));
  const says = `until [ -e '${trigger}' ]; do sleep 0.1; done; [ -e '${told}' ] || { : > '${told}'; echo database disk image is malformed; }`;
  await writeFile(wrapper!, `#!/bin/sh\n( ${says} ) &\nexec '${command}' "$@"\n`, { mode: 0o755 });
  const homeId = 'b'.repeat(32);
  const server = await DevServer.start({ command: wrapper!, folder, homeId });
  onTestFinished(() => server.stop());
  await writeFile(trigger!, '');
  await until(
    'the database to be set aside',
    () => readdir(folder),
    (names) => names.includes('temporal.db.damaged-1'),
  );
  const isThere = async () => {
    const connection = await connectTemporal({ address: server.address });
    return isServerOf(connection, homeId).finally(() => connection.close());
  };
  await until('the new server', () => isThere().catch(() => false), Boolean, { progress: () => filesBelow(folder) });
});

describe('the server of a home', () => {
  it('is one for all its workers, and stays known until the worker that owns it ends', async () => {
    const [home, other] = [new Home(await temporaryFolder()), new Home(await temporaryFolder())];
    const known = join(home.temporal, 'server.json');
    const first = await openWorkerServer(home, {});
    onTestFinished(() => first.close());
    const record = await readFile(known, 'utf8');
    expect((await stat(known)).mode & 0o077).toBe(0);

    const second = await openWorkerServer(home, {});
    expect(second).toMatchObject({ address: first.address, owned: false });
    await second.close();
    expect(await readFile(known, 'utf8')).toBe(record);

    const port = Number(first.address.split(':')[1]);
    await (await openWorkerServer(home, { port })).close(); // it is there
    await expect(openWorkerServer(home, { port: await freePort() })).rejects.toThrow(
      `another worker of this project already has its server at ${first.address}`,
    );
    await expect(openWorkerServer(home, { uiPort: await freePort() })).rejects.toThrow(InputError);

    // Another home's server.json may name it, by mistake or malice.
    await mkdir(other.temporal, { recursive: true });
    await writeFile(join(other.temporal, 'server.json'), record);
    expect(await joinLocalServer(other)).toBeUndefined();
    await expect(openWorkerServer(other, { port })).rejects.toThrow('another program listens there');
  });

  it('is not contacted when its record is damaged or leads elsewhere', async () => {
    const home = new Home(await temporaryFolder());
    await (await openWorkerServer(home, {})).close();
    const known = join(home.temporal, 'server.json');
    for (const record of ['', '{}', JSON.stringify({ address: 'evil.example:7233', pid: process.pid })]) {
      await writeFile(known, record);
      expect(await joinLocalServer(home)).toBeUndefined();
    }
    await rm(known);
  });

  it.runIf(process.platform === 'linux')(
    'is not waited for where a worker was killed, and others have its process id and its port',
    async () => {
      const home = new Home(await temporaryFolder());
      await mkdir(home.temporal, { recursive: true });
      const record = { address: `127.0.0.1:${await squatter()}`, pid: process.pid, start: '1' };
      await writeFile(join(home.temporal, 'server.json'), JSON.stringify(record));
      expect(await joinLocalServer(home)).toBeUndefined();
      const own = await openWorkerServer(home, {});
      onTestFinished(() => own.close());
      expect(own.owned).toBe(true);
      expect(JSON.parse(await readFile(join(home.temporal, 'server.json'), 'utf8'))).toMatchObject({
        address: own.address,
        start: await processStart(process.pid),
      });
    },
  );
});
