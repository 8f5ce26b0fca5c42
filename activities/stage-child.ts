import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { CancelledError, toErrorRecord, TextcraftorError } from '../common/errors.ts';
import type { Progress, StageBody } from '../pipeline/stage.ts';
import type { StageOrder, StageReport } from './stage-messages.ts';

// The process of one attempt at one stage: gets its order, runs the body, reports, and ends.

/**
 * Kills this process when its parent has died or its lease is lost. It has a thread of its own, since the body may block
 * the main one for minutes; and it kills, since a blocked thread cannot be asked.
 */
const watchdog = `
  const { workerData: { parent, lease } } = require('node:worker_threads');
  const { readFileSync } = require('node:fs');
  const held = () => {
    try {
      return JSON.parse(readFileSync(lease.file, 'utf8')).attempt === lease.attempt;
    } catch (error) {
      return error.code !== 'ENOENT'; // gone: a successor has finished the work
    }
  };
  setInterval(() => {
    if (process.ppid !== parent || !held()) process.kill(process.pid, 'SIGKILL');
  }, 500);
`;

/** Progress is sent at most this often. */
const progressMilliseconds = 200;

const controller = new AbortController();
process.on('SIGTERM', () => controller.abort(new CancelledError('The run was cancelled.')));
process.on('SIGINT', () => {}); // a terminal's Ctrl-C reaches all its processes; the parent decides
process.on('disconnect', () => process.exit(1));
process.once('message', (order: StageOrder) => void work(order));

async function work(order: StageOrder): Promise<void> {
  new Worker(watchdog, { eval: true, workerData: { parent: process.ppid, lease: order.lease } }).unref();
  const report = await attempt(order);
  process.removeAllListeners('disconnect');
  process.send!(report, () => process.exit(0));
}

async function attempt({ module, lease: _, ...context }: StageOrder): Promise<StageReport> {
  const progress = progressSender();
  try {
    const { run } = (await import(pathToFileURL(module).href)) as { run: StageBody<unknown> };
    await run({ ...context, signal: controller.signal, progress });
    return { kind: 'done' };
  } catch (error) {
    // The whole of it is for the log; the record is for the run.
    if (!(error instanceof TextcraftorError))
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return { kind: 'failed', error: toErrorRecord(controller.signal.aborted ? controller.signal.reason : error) };
  }
}

/** Some times a second at most; the last step always, and the latest when the body pauses. */
function progressSender(): (progress: Progress) => void {
  let sent = 0;
  let timer: NodeJS.Timeout | undefined;
  return (progress) => {
    clearTimeout(timer);
    const send = (): void => {
      sent = performance.now();
      process.send!({ kind: 'progress', progress } satisfies StageReport);
    };
    const wait = sent + progressMilliseconds - performance.now();
    if (wait <= 0 || progress.step >= progress.total) send();
    else timer = setTimeout(send, wait);
  };
}
