import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { fromErrorRecord } from '../../common/error-record.ts';
import { CancelledError, RetryableError, RunError } from '../../common/errors.ts';
import type { Progress } from '../../pipeline/stage.ts';
import type { StageAnswer, StageMessage, StageOrder, StageReport } from './stage-messages.ts';

const childModule = fileURLToPath(new URL('stage-child.ts', import.meta.url));
const typescript = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** Time between the request to end and the kill: enough to finish a step and write a checkpoint. */
const graceMilliseconds = 10_000;

export interface StageProcessOptions {
  environment: NodeJS.ProcessEnv;
  /** The process's output is appended to this file. */
  log: string;
}

export interface OrderOptions {
  /** Asks the process to end; it is killed some seconds later. */
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/** Executes orders, one after another. */
export interface BodyRunner {
  /**
   * Executes one order.
   * @throws the body's own error; RetryableError when the process died; CancelledError when it was asked to end
   */
  do(order: StageOrder, options: OrderOptions): Promise<StageAnswer>;
  /** Ends the runner, and waits until it has ended. */
  close(): Promise<void>;
}
export type StartBodyRunner = (options: StageProcessOptions) => Promise<BodyRunner>;

/**
 * A process for the bodies of a stage: a crash, an out-of-memory kill or an endless native call never takes the worker
 * down, and the worker stays free to send heartbeats. It executes one order after another.
 */
export class StageProcess implements BodyRunner {
  readonly #child: ChildProcess;
  readonly #closed: Promise<[number | null, NodeJS.Signals | null]>;
  readonly #log: string;

  private constructor(child: ChildProcess, log: string) {
    this.#child = child;
    this.#log = log;
    // 'close' comes after the last message; 'exit' may come before it.
    this.#closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    this.#closed.catch(() => {}); // it could not be started: the order fails with it
  }

  static async start({ environment, log: path }: StageProcessOptions): Promise<StageProcess> {
    await mkdir(dirname(path), { recursive: true });
    const log = await open(path, 'a');
    try {
      const child = fork(childModule, [], {
        execArgv: ['--import', typescript],
        stdio: ['ignore', log.fd, log.fd, 'ipc'],
        env: environment,
      });
      return new StageProcess(child, path);
    } finally {
      await log.close();
    }
  }

  async do(order: StageOrder, { signal, onProgress }: OrderOptions): Promise<StageAnswer> {
    signal.throwIfAborted();
    let killer: NodeJS.Timeout | undefined;
    const stop = (): void => {
      this.#child.kill('SIGTERM');
      killer = setTimeout(() => this.#child.kill('SIGKILL'), graceMilliseconds);
    };
    let receive: ((report: StageReport) => void) | undefined;
    const outcome = new Promise<Exclude<StageReport, { kind: 'progress' }>>((resolve) => {
      receive = (report) => (report.kind === 'progress' ? onProgress(report.progress) : resolve(report));
    });
    this.#child.on('message', receive!);
    signal.addEventListener('abort', stop, { once: true });
    try {
      this.#child.send(order, () => {}); // a process that died at once is noticed by its exit
      const end = await Promise.race([outcome, this.#closed]);
      if (!Array.isArray(end) && end.kind === 'done') return end.answer;
      if (signal.aborted)
        throw signal.reason instanceof Error ? signal.reason : new CancelledError('The run was cancelled.');
      throw Array.isArray(end) ? this.#death(...end) : fromErrorRecord(end.error);
    } finally {
      clearTimeout(killer);
      signal.removeEventListener('abort', stop);
      this.#child.off('message', receive!);
    }
  }

  async close(): Promise<void> {
    // Not `disconnect`, after which 'close' is never emitted.
    if (this.#child.connected) this.#child.send('end' satisfies StageMessage, () => {});
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), graceMilliseconds);
    await this.#closed.catch(() => {});
    clearTimeout(killer);
  }

  #death(code: number | null, signal: NodeJS.Signals | null): Error {
    const log = `its log is ${this.#log}.`;
    if (signal === null)
      return new RunError(`The stage's process ended with exit code ${code} and without a result; ${log}`);
    const hint = signal === 'SIGKILL' ? ' (the system does so when memory runs out)' : '';
    return new RetryableError(`The stage's process was killed by ${signal}${hint}; ${log}`);
  }
}

/** Executes one order in its own process. @throws as {@link BodyRunner.do} does */
export async function runStageProcess(
  order: StageOrder,
  options: StageProcessOptions & OrderOptions,
  start: StartBodyRunner = StageProcess.start,
): Promise<StageAnswer> {
  options.signal.throwIfAborted();
  const process = await start(options);
  try {
    return await process.do(order, options);
  } finally {
    await process.close();
  }
}
