import { Worker } from 'node:worker_threads';
import { armFault } from '../../common/fault-points.ts';
import { toErrorRecord } from '../../common/error-record.ts';
import { CancelledError, TextcraftorError } from '../../common/errors.ts';
import type { Progress } from '../../pipeline/stage.ts';
import { callBody } from './call-body.ts';
import type { StageMessage, StageOrder, StageReport } from './stage-messages.ts';

// The process of a stage: receives an order, calls the body, reports, and waits for the next order or the end.

/**
 * Kills this process when its parent has died or its lease is lost. It runs in its own thread, since the body may block
 * the main one for minutes, and it kills, since a blocked thread cannot stop itself. Between two orders there is no
 * lease: `orders` counts up when an order begins and when it ends.
 */
const watchdog = `
  const { parentPort, workerData: { parent, orders } } = require('node:worker_threads');
  const { readFileSync } = require('node:fs');
  let current;
  parentPort.on('message', (order) => (current = order));
  const held = ({ file, attempt }) => {
    try {
      return JSON.parse(readFileSync(file, 'utf8')).attempt === attempt;
    } catch (error) {
      return error.code !== 'ENOENT'; // no lease: a successor has finished the work
    }
  };
  setInterval(() => {
    const lost = current && !held(current.lease) && Atomics.load(orders, 0) === current.order;
    if (process.ppid !== parent || lost) process.kill(process.pid, 'SIGKILL');
  }, 500);
`;

/** Progress is sent at most this often. */
const progressMilliseconds = 200;

const orders = new Int32Array(new SharedArrayBuffer(4));
const guard = new Worker(watchdog, { eval: true, workerData: { parent: process.ppid, orders } });
guard.unref();

const controller = new AbortController();
process.on('SIGTERM', () => controller.abort(new CancelledError('The run was cancelled.')));
process.on('SIGINT', () => {}); // a terminal's Ctrl-C reaches all its processes; the parent decides
process.on('disconnect', () => process.exit(1));
process.on('message', (message: StageMessage) => void (message === 'end' ? process.exit(0) : work(message)));

async function work(order: StageOrder): Promise<void> {
  armFault(order.fault);
  guard.postMessage({ lease: order.lease, order: Atomics.add(orders, 0, 1) + 1 });
  const report = await attempt(order);
  Atomics.add(orders, 0, 1);
  process.send!(report);
}

async function attempt(order: StageOrder): Promise<StageReport> {
  const started = performance.now();
  const progress = progressSender();
  try {
    const answer = await callBody(order, { signal: controller.signal, progress: progress.send });
    const seconds = (performance.now() - started) / 1000 - progress.checkpointSeconds();
    return { kind: 'done', answer: { ...answer, seconds, setUpSeconds: progress.setUpSeconds() } };
  } catch (error) {
    // The full error goes to the log, its record to the run.
    if (!(error instanceof TextcraftorError))
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return { kind: 'failed', error: toErrorRecord(controller.signal.aborted ? controller.signal.reason : error) };
  } finally {
    progress.end();
  }
}

interface ProgressSender {
  /** Sends progress a few times a second at most; the last step always, and the latest one when the body pauses. */
  send(progress: Progress): void;
  checkpointSeconds(): number;
  /** Seconds until the first call of `send`; 0 when there was none. */
  setUpSeconds(): number;
  /** Sends the progress that was held back. */
  end(): void;
}

function progressSender(): ProgressSender {
  let sent = 0;
  let timer: NodeJS.Timeout | undefined;
  let last: Progress | undefined;
  let waiting = false;
  const started = performance.now();
  let setUpSeconds: number | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    sent = performance.now();
    waiting = false;
    process.send!({ kind: 'progress', progress: last! } satisfies StageReport);
  };
  return {
    send(progress) {
      clearTimeout(timer);
      setUpSeconds ??= (performance.now() - started) / 1000;
      last = progress;
      waiting = true;
      const wait = sent + progressMilliseconds - performance.now();
      if (wait <= 0 || progress.step >= progress.total) flush();
      else timer = setTimeout(flush, wait);
    },
    checkpointSeconds: () => last?.checkpointSeconds ?? 0,
    setUpSeconds: () => setUpSeconds ?? 0,
    end: () => void (waiting && flush()),
  };
}
