import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError, RetryableError } from '../../common/errors.ts';
import { makeFolders } from '../../common/files.ts';
import { interruption } from '../../common/interrupt.ts';
import { connectTemporal } from '../connection.ts';
import { databaseDamage, setDatabaseAside } from './database-file.ts';
import { isServerOf, namespaceOf } from './server-identity.ts';
import { accepts, checkFree, freePort } from './ports.ts';
import { searchAttributeArguments } from './server-attributes.ts';

export interface DevServerOptions {
  /** The `temporal` command. */
  command: string;
  /** For its database and log: a server that is started again on them goes on where it was. */
  folder: string;
  /** Says whose it is: see {@link file://./server-identity.ts}. Nobody's, when it is left out. */
  homeId?: string;
  /** A free one, when it is left out. */
  port?: number;
  /** Port of its web page; without it there is none. */
  uiPort?: number;
}

/**
 * The server has an HTTP API beside gRPC, which cannot be left out and takes any web page's posts: it shall answer a host
 * name only that no request has, since names under `invalid` are never given out (RFC 6761).
 */
const closedHttpApi = ['--dynamic-config-value', 'frontend.httpAllowedHosts=["nobody.invalid"]'];
const forbidden = 403;

/**
 * Starts the server, whose database nobody else may read, and ends it when this shell's input is closed, which happens
 * however the process ends that started the shell, SIGKILL included. Killed, since it takes two seconds to end by itself and
 * its database survives a kill: the next server may be started on that at once.
 */
const keeper = `
umask 077
exec 3<&0
"$@" 3<&- </dev/null & server=$!
( read -r _ <&3; kill -KILL $server ) & watcher=$!
wait $server; code=$?
kill $watcher 2>/dev/null
exit $code
`;

/** Its process lives as long: a machine that is busy may take minutes for what takes a second. */
const readyMilliseconds = 300_000;
/** What the server says of a database that it cannot use, in so many characters at most. */
const damage = /malformed|not a database|file is encrypted|SQL logic error|no such (table|column)/i;
const longestDamage = 20;
/** In its folder. */
export const databaseName = 'temporal.db';
/** So often its log is looked at while it runs. */
const watchMilliseconds = 2000;
/** A server that dies this often is not started again. */
const mostRestarts = 20;

/** Temporal's development server, owned by this process: it ends with it, and when it dies alone it is started again. */
export class DevServer {
  readonly address: string;
  readonly #options: DevServerOptions;
  readonly #port: number;
  readonly #homeId: string;
  #shell: ChildProcess | undefined;
  #httpPort = 0;
  #restarts = 0;
  #stopping = false;
  #isReady = false;
  /** Bytes of its log from before it was launched, and those that were looked at. */
  #logBegin = 0;
  #logRead = 0;
  #saidDamage = false;

  private constructor(options: DevServerOptions, port: number) {
    this.#options = options;
    this.#port = port;
    this.#homeId = options.homeId ?? randomBytes(16).toString('hex');
    this.address = `127.0.0.1:${port}`;
  }

  /**
   * A database that cannot be used is set aside, and a new one is made.
   * @throws InputError when another program has a port that was asked for; RetryableError when it is not ready in time;
   * CancelledError when the command is interrupted before
   */
  static async start(options: DevServerOptions): Promise<DevServer> {
    const { port, uiPort, folder } = options;
    if (port !== undefined) await checkFree(port, '--port');
    if (uiPort !== undefined) await checkFree(uiPort, '--ui-port');
    await makeFolders(folder);
    const database = join(folder, databaseName);
    const damage = await databaseDamage(database);
    if (damage !== undefined) await setDatabaseAside(database, damage);
    const server = new DevServer(options, options.port ?? (await freePort()));
    await server.#launch();
    try {
      await server.#ready();
      return server;
    } catch (error) {
      await server.stop();
      if (!server.#databaseIsDamaged() || interruption().aborted) throw error;
      await setDatabaseAside(database, 'cannot be used by the Temporal server');
      return DevServer.start(options);
    }
  }

  get #log(): string {
    return join(this.#options.folder, 'temporal.log');
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

  async #launch(): Promise<void> {
    const { command, folder, uiPort } = this.#options;
    this.#httpPort = await freePort();
    if (this.#stopping) return;
    const program = command.includes('/') ? resolve(command) : command;
    const log = openSync(this.#log, 'a');
    this.#logBegin = this.#logRead = fstatSync(log).size;
    this.#saidDamage = false;
    const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${this.#port}`, '--log-level', 'warn'];
    args.push(
      ...searchAttributeArguments,
      ...closedHttpApi,
      '--http-port',
      `${this.#httpPort}`,
      '--namespace',
      namespaceOf(this.#homeId),
      '--db-filename',
      databaseName, // the server takes a part of a URL, in which a folder's %, # or ? would mean something else
      ...(uiPort === undefined ? ['--headless'] : ['--ui-port', `${uiPort}`]),
    );
    // A process group of its own: a terminal's Ctrl-C is for the command, which then still needs the server.
    const shell = spawn('sh', ['-c', keeper, 'sh', program, ...args], {
      cwd: folder,
      stdio: ['pipe', log, log],
      detached: true,
    });
    closeSync(log);
    shell.stdin!.on('error', () => {}); // it died first
    shell.once('exit', () => {
      if (this.#stopping || this.#restarts++ >= mostRestarts) return;
      void sleep(500, undefined, { ref: false }).then(() => this.#relaunch());
    });
    this.#shell = shell;
    this.#watch(shell);
  }

  /** After it has died. What it knew is lost with its database; what was done for it is in the store. */
  async #relaunch(): Promise<void> {
    if (this.#stopping) return;
    if (this.#isReady && this.#databaseIsDamaged())
      await setDatabaseAside(join(this.#options.folder, databaseName), 'cannot be used by the Temporal server');
    await this.#launch();
  }

  /** A server whose database is damaged while it runs stays, and answers nothing: it is ended, and started again on a new one. */
  #watch(shell: ChildProcess): void {
    const watching = setInterval(() => {
      if (this.#isReady && existsSync(this.#log) && this.#databaseIsDamaged()) shell.stdin!.end();
    }, watchMilliseconds);
    watching.unref();
    shell.once('exit', () => clearInterval(watching));
  }

  /** Whether it has said so since it was launched. */
  #databaseIsDamaged(): boolean {
    const log = openSync(this.#log, 'r');
    try {
      const { size } = fstatSync(log);
      const begin = Math.max(this.#logBegin, this.#logRead - longestDamage);
      const said = Buffer.alloc(Math.max(0, size - begin));
      readSync(log, said, 0, said.length, begin);
      this.#logRead = size;
      this.#saidDamage ||= damage.test(said.toString('latin1'));
    } finally {
      closeSync(log);
    }
    return this.#saidDamage;
  }

  async #ready(): Promise<void> {
    const deadline = performance.now() + readyMilliseconds;
    const interrupted = interruption();
    for (let problem: unknown; performance.now() < deadline; await sleep(50)) {
      interrupted.throwIfAborted();
      if (this.#restarts > 2 || this.#databaseIsDamaged()) break;
      if (!(await accepts(this.#port))) continue;
      try {
        const connection = await connectTemporal({ address: this.address });
        // What answers may be another's server, which has the port while ours tries to listen there.
        const isOurs = await isServerOf(connection, this.#homeId).finally(() => connection.close());
        if (isOurs) {
          await this.#checkHttpApi();
          this.#isReady = true;
          return;
        }
      } catch (error) {
        if (error instanceof InputError) throw error;
        problem = error;
      }
      void problem;
    }
    if (this.#options.port !== undefined) await checkFree(this.#port, '--port');
    throw new RetryableError(
      `Temporal's development server did not become ready on ${this.address}; its log is ${this.#log}.`,
    );
  }

  /** @throws InputError when the server is of a version that web pages can give orders to */
  async #checkHttpApi(): Promise<void> {
    const { status } = await fetch(`http://127.0.0.1:${this.#httpPort}/api/v1/namespaces`);
    if (status !== forbidden)
      throw new InputError(
        `${this.#options.command} is too old: its HTTP API cannot be closed to web pages. Take a newer one: npm run setup, with TEMPORAL_CLI unset.`,
      );
  }
}
