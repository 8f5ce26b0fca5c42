import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError, RetryableError, RunError } from '../../common/errors.ts';
import { makeFolders } from '../../common/files.ts';
import { interruption } from '../../common/interrupt.ts';
import { reasonOf } from '../../common/text/reason.ts';
import { connectTemporal } from '../connection.ts';
import { databaseDamage, setDatabaseAside } from './database-file.ts';
import { isServerOf, namespaceOf } from './server-identity.ts';
import { accepts, checkFree, freePort } from './ports.ts';
import { searchAttributeArguments } from './server-attributes.ts';

export interface DevServerOptions {
  /** The `temporal` command. */
  command: string;
  /** Holds its database and log: a server started again on them continues where it was. */
  folder: string;
  /** Identifies its home: see {@link file://./server-identity.ts}. Default: none. */
  homeId?: string;
  /** Default: a free port. */
  port?: number;
  /** Port of its web page. Default: no web page. */
  uiPort?: number;
  /** Deaths in a row after which it is not restarted; default: 20. */
  restarts?: number;
}

/**
 * Besides gRPC the server has an HTTP API, which cannot be turned off and accepts posts from any web page. Restricting
 * it to a host name that no request has closes it: names under `invalid` are never assigned (RFC 6761).
 */
const closedHttpApi = ['--dynamic-config-value', 'frontend.httpAllowedHosts=["nobody.invalid"]'];
const forbidden = 403;

/**
 * Starts the server with a database that only its user may read, and kills it when this shell's input is closed, which
 * happens however the parent process ends, even by SIGKILL. A kill is safe for the database and saves the two seconds
 * of an orderly end: the next server may start on it at once.
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

/** Long, as long as its process lives: a busy machine may take minutes for what usually takes a second. */
const readyMilliseconds = 300_000;
/** The server's message about a database that it cannot use; at most 20 characters long. */
const damage = /malformed|not a database|file is encrypted|SQL logic error|no such (table|column)/i;
const longestDamage = 20;
/** Name of the database file in the server's folder. */
export const databaseName = 'temporal.db';
/** Interval at which its log is checked while it runs. */
const watchMilliseconds = 2000;
/** Number of deaths in a row after which a server is not restarted. */
const usualRestarts = 20;
/** Pauses before a restart; each is twice the last. Together longer than a run waits for room on a full disk. */
const firstPause = 500;
const longestPause = 10_000;
/** Time after whose launch a death is the first in a row again. */
const healthyMilliseconds = 60_000;

/**
 * Temporal's development server, owned by this process: it ends with the process, and is restarted when it dies alone.
 */
export class DevServer {
  readonly address: string;
  /** Resolves with the reason when it is not restarted any more. */
  readonly lost: Promise<RunError>;
  readonly #giveUp: (reason: RunError) => void;
  readonly #options: DevServerOptions;
  readonly #port: number;
  readonly #homeId: string;
  #shell: ChildProcess | undefined;
  #httpPort = 0;
  #restarts = 0;
  #stopping = false;
  #isReady = false;
  /** Length of its log before it was launched, and up to where it was checked. */
  #logBegin = 0;
  #logRead = 0;
  #saidDamage = false;

  private constructor(options: DevServerOptions, port: number) {
    this.#options = options;
    this.#port = port;
    this.#homeId = options.homeId ?? randomBytes(16).toString('hex');
    this.address = `127.0.0.1:${port}`;
    let giveUp!: (reason: RunError) => void;
    this.lost = new Promise((resolve) => (giveUp = resolve));
    this.#giveUp = giveUp;
  }

  /**
   * Starts the server. A database that cannot be used is set aside, and a new one is made.
   * @throws InputError when another program has a requested port; RetryableError when it is not ready in time;
   * CancelledError when the command is interrupted first
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

  /** Ends the server and waits until it has ended. */
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
      databaseName, // the server puts it in a URL, in which a folder's %, # or ? would have another meaning
      ...(uiPort === undefined ? ['--headless'] : ['--ui-port', `${uiPort}`]),
    );
    // A separate process group: a terminal's Ctrl-C must reach only the command, which still needs the server.
    const shell = spawn('sh', ['-c', keeper, 'sh', program, ...args], {
      cwd: folder,
      stdio: ['pipe', log, log],
      detached: true,
    });
    closeSync(log);
    shell.stdin!.on('error', () => {}); // it died first
    shell.once('exit', () => {
      if (this.#stopping) return;
      if (performance.now() - launched > healthyMilliseconds) this.#restarts = 0;
      const { restarts = usualRestarts } = this.#options;
      if (this.#restarts++ < restarts)
        sleep(Math.min(firstPause * 2 ** (this.#restarts - 1), longestPause), undefined, { ref: false })
          .then(() => this.#relaunch())
          .catch((error: unknown) => this.#lose(`cannot be restarted: ${reasonOf(error)}`));
      else this.#lose(`ended ${this.#restarts} times in a row`);
    });
    const launched = performance.now();
    this.#shell = shell;
    this.#watch(shell);
  }

  #lose(what: string): void {
    this.#giveUp(new RunError(`Temporal's development server on ${this.address} ${what}; its log is ${this.#log}.`));
  }

  /** Restarts the server after its death. If its database is lost, the results are still in the store. */
  async #relaunch(): Promise<void> {
    if (this.#stopping) return;
    if (this.#isReady && this.#databaseIsDamaged())
      await setDatabaseAside(join(this.#options.folder, databaseName), 'cannot be used by the Temporal server');
    await this.#launch();
  }

  /**
   * Restarts a server whose database was damaged while it runs, on a new one: such a server keeps running but answers
   * nothing.
   */
  #watch(shell: ChildProcess): void {
    const watching = setInterval(() => {
      if (this.#isReady && existsSync(this.#log) && this.#databaseIsDamaged()) shell.stdin!.end();
    }, watchMilliseconds);
    watching.unref();
    shell.once('exit', () => clearInterval(watching));
  }

  /** Returns whether it has reported a damaged database since it was launched. */
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
        // Another server may answer, if it has the port on which ours tries to listen.
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

  /** Checks that its HTTP API is closed. @throws InputError when web pages could control this version of the server */
  async #checkHttpApi(): Promise<void> {
    const { status } = await fetch(`http://127.0.0.1:${this.#httpPort}/api/v1/namespaces`);
    if (status !== forbidden)
      throw new InputError(
        `${this.#options.command} is too old: its HTTP API cannot be closed to web pages. Take a newer one: npm run setup, with TEMPORAL_CLI unset.`,
      );
  }
}
