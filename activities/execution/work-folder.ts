import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lease } from '../../pipeline/runs/lease.ts';
import type { Artifact, StartUps } from '../../pipeline/stage.ts';
import type { ArtifactStore } from '../../pipeline/store/artifact-store.ts';

const renewMilliseconds = 2000;
/** Time of the start-ups of the segments so far. */
const startUpFile = 'start-ups';

/**
 * The folder of one piece of work while an attempt holds its lease: scratch files shared by all attempts, and the
 * output of one.
 */
export class WorkFolder {
  readonly #folder: string;
  readonly lease: Lease;
  readonly #started = performance.now();
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #earlierSeconds = 0;
  #renewing: Promise<void> = Promise.resolve();

  private constructor(folder: string, lease: Lease) {
    this.#folder = folder;
    this.lease = lease;
    this.#timer = setInterval(() => {
      this.#renewing = this.#renewing.then(() => this.#renew());
    }, renewMilliseconds);
  }

  /** @param clean remove what earlier attempts left */
  static async open(folder: string, lease: Lease, clean: boolean): Promise<WorkFolder> {
    const work = new WorkFolder(folder, lease);
    for (const name of await readdir(folder)) {
      const ofAnother =
        name.startsWith('output-') || (clean && (name === 'scratch' || name === 'seconds' || name === startUpFile));
      if (ofAnother) await rm(join(folder, name), { recursive: true, force: true });
    }
    work.#earlierSeconds = readSeconds(await readFile(join(folder, 'seconds'), 'utf8').catch(() => ''));
    await mkdir(work.scratch, { recursive: true });
    await mkdir(work.output);
    return work;
  }

  get scratch(): string {
    return join(this.#folder, 'scratch');
  }

  get output(): string {
    return join(this.#folder, `output-${this.lease.attempt}`);
  }

  /** Aborted when another attempt takes over. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Seconds spent by this attempt and the earlier ones. */
  get seconds(): number {
    return this.#earlierSeconds + (performance.now() - this.#started) / 1000;
  }

  /** Adds the time that a process has taken until its work began. @returns the start-ups of all segments */
  async startedUp(seconds: number): Promise<StartUps> {
    const path = join(this.#folder, startUpFile);
    const [before = '', times = ''] = (await readFile(path, 'utf8').catch(() => '')).split(' ');
    const all = { seconds: readSeconds(before) + seconds, times: readSeconds(times) + 1 };
    await writeFile(path, `${all.seconds} ${all.times}`);
    return all;
  }

  /** Removes the folder: the work is done. */
  async finish(): Promise<void> {
    await this.#stopRenewing();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Commits the output as an artifact, if this attempt still holds the lease. */
  async commit(store: ArtifactStore): Promise<Artifact> {
    await this.lease.check();
    const artifact = await store.commit(this.output);
    await this.lease.check();
    return artifact;
  }

  /** Leaves the folder to the next attempt, which finds the checkpoints. */
  async leave(): Promise<void> {
    await this.#stopRenewing();
    await rm(this.output, { recursive: true, force: true });
    if (!this.lost.aborted) await this.#saveSeconds().catch(() => {}); // a full disk may be the cause of the failure
    await this.lease.release();
  }

  /** Stops the renewal, which would otherwise write to a folder being removed. */
  async #stopRenewing(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewing;
  }

  async #renew(): Promise<void> {
    try {
      await this.lease.renew();
      await this.#saveSeconds();
    } catch (error) {
      this.#lost.abort(error);
    }
  }
  #saveSeconds(): Promise<void> {
    return writeFile(join(this.#folder, 'seconds'), String(this.seconds));
  }
}

/** Parses a saved time; an invalid one counts as 0, since it is only an estimate. */
function readSeconds(text: string): number {
  const seconds = Number(text);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : 0;
}
