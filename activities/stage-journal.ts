import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toErrorRecord } from '../common/errors.ts';
import type { RunRecords, StageFile } from '../pipeline/runs.ts';
import type { Progress } from '../pipeline/stage.ts';
import type { StageOutcome, StageTask } from './stage-task.ts';

const writeMilliseconds = 500;

/** Keeps the record of one attempt at a stage in the run's folder, for status, logs and the live view. */
export class StageJournal {
  readonly log: string;
  readonly #records: RunRecords;
  readonly #run: string;
  readonly #started = performance.now();
  #stage: StageFile;
  #written = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(records: RunRecords, { run, stage }: StageTask, attempt: number) {
    this.#records = records;
    this.#run = run;
    this.log = records.log(run, stage);
    this.#stage = { name: stage, status: 'running', seconds: 0, startedAt: new Date().toISOString(), attempt };
  }

  /** The latest of it, for heartbeats. */
  get progress(): Progress | undefined {
    return this.#stage.progress;
  }

  async started(why: string): Promise<void> {
    const { startedAt, attempt, name } = this.#stage;
    await mkdir(dirname(this.log), { recursive: true });
    await appendFile(this.log, `--- ${startedAt} ${name}, attempt ${attempt}: ${why}\n`);
    await this.#write({ why });
  }

  /** Some times a second at most, and the latest in any case. */
  progressed(progress: Progress): void {
    this.#stage = { ...this.#stage, progress };
    const wait = writeMilliseconds - (performance.now() - this.#written);
    // Only a view: a full disk is the stage's own concern.
    this.#timer ??= setTimeout(() => void this.#write({}).catch(() => {}), Math.max(0, wait));
  }

  async finished({ artifact, key, reused, run, seconds: workSeconds }: StageOutcome): Promise<void> {
    await this.#records.link(this.#run, this.#stage.name, fileURLToPath(artifact.uri));
    await this.#write({
      artifact,
      key,
      workSeconds,
      ...(reused ? { status: 'reused', why: `made by ${run}` } : { status: 'ran' }),
    });
  }

  async failed(error: unknown, cancelled: boolean): Promise<void> {
    const record = toErrorRecord(error);
    await appendFile(this.log, `--- ${cancelled ? 'cancelled' : `failed: ${record.message}`}\n`).catch(() => {});
    await this.#write({ status: cancelled ? 'cancelled' : 'failed', error: record }).catch(() => {});
  }

  /** Writes one after the other: the last state is what stays. */
  #write(change: Partial<StageFile>): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#written = performance.now();
    this.#stage = { ...this.#stage, ...change, seconds: (this.#written - this.#started) / 1000 };
    const stage = this.#stage;
    const write = this.#writing.catch(() => {}).then(() => this.#records.saveStage(this.#run, stage));
    this.#writing = write;
    return write;
  }
}
