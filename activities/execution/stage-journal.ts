import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toErrorRecord } from '../../common/error-record.ts';
import type { ItemCounts, RunRecords, StageFile } from '../../pipeline/runs/runs.ts';
import type { Progress } from '../../pipeline/stage.ts';
import type { StageOutcome, StagePart, StageTask } from '../stage-task.ts';

const writeMilliseconds = 500;

/**
 * Writes the record of one attempt at a stage, or at a part of it, to the run's folder: for status, logs and the live
 * view.
 */
export class StageJournal {
  readonly log: string;
  readonly #records: RunRecords;
  readonly #task: StageTask;
  /** The stage's log, shared by its parts. */
  readonly #started: number;
  /** Whether an earlier part, or an earlier attempt at this one, has started the stage. */
  readonly #goesOn: boolean;
  readonly #earlierBodySeconds: number;
  #stage: StageFile;
  #written = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  private constructor(records: RunRecords, task: StageTask, stage: StageFile, goesOn: boolean) {
    this.#records = records;
    this.#task = task;
    this.log = records.log(task.run, task.stage);
    this.#stage = stage;
    this.#goesOn = goesOn;
    this.#started = Date.parse(stage.startedAt!);
    this.#earlierBodySeconds = stage.bodySeconds ?? 0;
  }

  static async open(records: RunRecords, task: StageTask, attempt: number): Promise<StageJournal> {
    const { run, stage } = task;
    const earlier = continues(task.part) ? await records.stage(run, stage) : undefined;
    const start: StageFile = { name: stage, status: 'running', seconds: 0, startedAt: new Date().toISOString() };
    const goesOn = earlier?.status === 'running' && earlier.startedAt !== undefined;
    return new StageJournal(records, task, { ...(goesOn ? earlier : start), attempt }, goesOn);
  }

  /** The latest progress, for heartbeats. */
  get progress(): Progress | undefined {
    return this.#stage.progress;
  }

  /** Records why it runs, and the key under which its unfinished work is found. */
  async started(why: string, key: string): Promise<void> {
    const { attempt, name } = this.#stage;
    await mkdir(dirname(this.log), { recursive: true });
    const line = `--- ${new Date().toISOString()} ${name}${describePart(this.#task.part)}, attempt ${attempt}: ${why}\n`;
    await appendFile(this.log, line);
    await this.#write({ why: this.#stage.why ?? why, key });
  }

  /** Records progress a few times a second at most, and always the latest. */
  progressed(progress: Progress): void {
    this.#stage = { ...this.#stage, progress };
    const wait = writeMilliseconds - (performance.now() - this.#written);
    // Only for the view: the stage itself reports a full disk.
    this.#timer ??= setTimeout(() => void this.#write({}).catch(() => {}), Math.max(0, wait));
  }

  /**
   * Adds the body's time in this part. Loading again, needed only because the stage was cut into segments, does not
   * count as its work.
   */
  worked(seconds: number, setUpSeconds: number): void {
    const own = this.#goesOn ? seconds - setUpSeconds : seconds;
    this.#stage = { ...this.#stage, bodySeconds: this.#earlierBodySeconds + own };
  }

  /** Records that a part is done, but not the stage. */
  async left(items?: ItemCounts): Promise<void> {
    await this.#write(items ? { items } : {});
  }

  async finished(
    { artifact, key, reused, run, seconds: workSeconds }: StageOutcome,
    items?: ItemCounts,
  ): Promise<void> {
    await this.#records.link(this.#task.run, this.#stage.name, artifact.sha256);
    await this.#write({
      artifact,
      key,
      workSeconds,
      ...(items ? { items } : {}),
      ...(reused ? { status: 'reused', why: `made by ${run}` } : { status: 'ran' }),
    });
  }

  async failed(error: unknown, cancelled: boolean): Promise<void> {
    const record = toErrorRecord(error);
    await appendFile(this.log, `--- ${cancelled ? 'cancelled' : `failed: ${record.message}`}\n`).catch(() => {});
    await this.#write({ status: cancelled ? 'cancelled' : 'failed', error: record }).catch(() => {});
  }

  /** Writes one record after the other, so that the last state stays. */
  #write(change: Partial<StageFile>): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#written = performance.now();
    this.#stage = { ...this.#stage, ...change, seconds: Math.max(0, Date.now() - this.#started) / 1000 };
    const stage = this.#stage;
    const write = this.#writing.catch(() => {}).then(() => this.#records.saveStage(this.#task.run, stage));
    this.#writing = write;
    return write;
  }
}

/** Returns whether a part continues a stage that another part started. */
function continues(part: StagePart | undefined): boolean {
  return part?.kind === 'gather' || part?.kind === 'batch' || (part?.kind === 'segment' && part.number > 0);
}

function describePart(part: StagePart | undefined): string {
  return part?.kind === 'segment' ? `, segment ${part.number + 1}` : '';
}
