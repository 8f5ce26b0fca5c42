import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CancelledError, fromErrorRecord, RetryableError, RunError } from '../common/errors.ts';
import type { Progress } from '../pipeline/stage.ts';
import type { StageOrder, StageReport } from './stage-messages.ts';

const childModule = fileURLToPath(new URL('stage-child.ts', import.meta.url));
const typescript = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** Time from the request to end until the kill: enough to finish a step and write a checkpoint. */
const graceMilliseconds = 10_000;

export interface StageProcessOptions {
  environment: NodeJS.ProcessEnv;
  /** What the process prints is appended to this file. */
  log: string;
  /** Asks the process to end; after some seconds it is killed. */
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/**
 * Runs a stage's body in a process of its own: a crash, an out-of-memory kill or a native call without end never takes
 * the worker down, and the worker stays free to say that it lives.
 *
 * @throws the body's own error; RetryableError when the process died; CancelledError when it was asked to end
 */
export async function runStageProcess(order: StageOrder, options: StageProcessOptions): Promise<void> {
  options.signal.throwIfAborted();
  await mkdir(dirname(options.log), { recursive: true });
  const log = await open(options.log, 'a');
  try {
    const child = fork(childModule, [], {
      execArgv: ['--import', typescript],
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
      env: options.environment,
    });
    await follow(child, order, options);
  } finally {
    await log.close();
  }
}

async function follow(
  child: ChildProcess,
  order: StageOrder,
  { signal, onProgress, log }: StageProcessOptions,
): Promise<void> {
  let outcome: Exclude<StageReport, { kind: 'progress' }> | undefined;
  child.on('message', (report: StageReport) => {
    if (report.kind === 'progress') onProgress(report.progress);
    else outcome = report;
  });
  let killer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill('SIGTERM');
    killer = setTimeout(() => child.kill('SIGKILL'), graceMilliseconds);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    // 'close' comes after the last message; 'exit' may come before it.
    const exited = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    child.send(order, () => {}); // a process that died at once is seen by its exit
    const [code, death] = await exited;
    if (outcome?.kind === 'done') return;
    if (signal.aborted)
      throw signal.reason instanceof Error ? signal.reason : new CancelledError('The run was cancelled.');
    if (outcome) throw fromErrorRecord(outcome.error);
    if (death !== null)
      throw new RetryableError(`The stage's process was killed by ${death}${hint(death)}; its log is ${log}.`);
    throw new RunError(`The stage's process ended with exit code ${code} and without a result; its log is ${log}.`);
  } finally {
    clearTimeout(killer);
    signal.removeEventListener('abort', stop);
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  }
}

function hint(signal: NodeJS.Signals): string {
  return signal === 'SIGKILL' ? ' (the system does so when memory runs out)' : '';
}
