import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, closeSync } from 'node:fs';
import { createServer, connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RetryableError } from '../../common/errors.ts';
import { connectTemporal } from './connection.ts';
import { searchAttributeArguments } from './search-attributes.ts';

export interface DevServerOptions {
  /** The `temporal` command. */
  command: string;
  /** For its database and log: a server that is started again on them goes on where it was. */
  folder: string;
  /** A free one, when it is left out. */
  port?: number;
  /** Port of its web page; without it there is none. */
  uiPort?: number;
}

/**
 * Starts the server and ends it when this shell's input is closed, which happens however the process ends that started
 * the shell, SIGKILL included. Killed, since it takes two seconds to end by itself and its database survives a kill: the next
 * server may be started on that at once.
 */
const keeper = `
exec 3<&0
"$@" 3<&- </dev/null & server=$!
( read -r _ <&3; kill -KILL $server ) & watcher=$!
wait $server; code=$?
kill $watcher 2>/dev/null
exit $code
`;

const readyMilliseconds = 60_000;
/** A server that dies this often is not started again. */
const mostRestarts = 20;

/** Temporal's development server, owned by this process: it ends with it, and when it dies alone it is started again. */
export class DevServer {
  readonly address: string;
  readonly #options: DevServerOptions;
  readonly #port: number;
  #shell: ChildProcess | undefined;
  #restarts = 0;
  #stopping = false;

  private constructor(options: DevServerOptions, port: number) {
    this.#options = options;
    this.#port = port;
    this.address = `127.0.0.1:${port}`;
  }

  /** @throws RetryableError when it is not ready in a minute */
  static async start(options: DevServerOptions): Promise<DevServer> {
    mkdirSync(options.folder, { recursive: true });
    const server = new DevServer(options, options.port ?? (await freePort()));
    server.#launch();
    try {
      await server.#ready();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** Ends it and waits until it has. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const shell = this.#shell;
    if (!shell || shell.exitCode !== null || shell.signalCode !== null) return;
    const ended = once(shell, 'exit');
    shell.stdin!.end();
    await ended;
  }

  #launch(): void {
    const { command, folder, uiPort } = this.#options;
    const log = openSync(join(folder, 'temporal.log'), 'a');
    const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${this.#port}`, '--log-level', 'warn'];
    args.push(
      ...searchAttributeArguments,
      '--db-filename',
      join(folder, 'temporal.db'),
      ...(uiPort === undefined ? ['--headless'] : ['--ui-port', `${uiPort}`]),
    );
    // A process group of its own: a terminal's Ctrl-C is for the command, which then still needs the server.
    const shell = spawn('sh', ['-c', keeper, 'sh', command, ...args], { stdio: ['pipe', log, log], detached: true });
    closeSync(log);
    shell.stdin!.on('error', () => {}); // it died first
    shell.once('exit', () => {
      if (this.#stopping || this.#restarts++ >= mostRestarts) return;
      void sleep(500, undefined, { ref: false }).then(() => this.#stopping || this.#launch());
    });
    this.#shell = shell;
  }

  async #ready(): Promise<void> {
    const deadline = Date.now() + readyMilliseconds;
    for (let problem: unknown; Date.now() < deadline; await sleep(50)) {
      if (this.#restarts > 2) break;
      if (!(await accepts(this.#port))) continue;
      try {
        const connection = await connectTemporal({ address: this.address });
        await connection.workflowService.describeNamespace({ namespace: 'default' }).finally(() => connection.close());
        return;
      } catch (error) {
        problem = error;
      }
      void problem;
    }
    const log = join(this.#options.folder, 'temporal.log');
    throw new RetryableError(
      `Temporal's development server did not become ready on ${this.address}; its log is ${log}.`,
    );
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** A socket can be tried often; a refused gRPC connection waits a second. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
