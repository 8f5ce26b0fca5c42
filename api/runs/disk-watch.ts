import { statfs } from 'node:fs/promises';
import { RetryableError } from '../../common/errors.ts';
import { isDiskFull } from '../../common/files/full-disk.ts';

/** Free bytes below which a disk counts as full: the Temporal server's database needs more. */
const leastRoom = 2 ** 20;
/** Time that a run waits for room on its disk. */
const patienceMilliseconds = 120_000;

/**
 * Watches whether the disk of a run has room. Only this process can report a full disk: neither the stages nor the
 * Temporal server can write their state, and both would retry forever.
 */
export class DiskWatch {
  readonly #folder: string;
  readonly #again: string;
  readonly #note: (line: string) => void;
  readonly #patience: number;
  readonly #freeBytes: (folder: string) => Promise<number>;
  #fullSince: number | undefined;

  /** @param again the command that continues the run once there is room */
  constructor(
    folder: string,
    again: string,
    note: (line: string) => void,
    { patience = patienceMilliseconds, freeBytes = freeBytesOf } = {},
  ) {
    this.#folder = folder;
    this.#again = again;
    this.#note = note;
    this.#patience = patience;
    this.#freeBytes = freeBytes;
  }

  /**
   * Records the result of a small write: its error, or undefined when it succeeded. There may be room for it and for
   * nothing else, so the disk's free space counts too.
   */
  async wrote(error: unknown): Promise<void> {
    if (!isDiskFull(error) && (await this.#freeBytes(this.#folder)) >= leastRoom) this.#fullSince = undefined;
    else if (this.#fullSince === undefined) {
      this.#fullSince = performance.now();
      this.#note(`The disk of ${this.#folder} is full; the run waits ${this.#patience / 1000} s for free space.`);
    }
  }

  /** Checks the time of the full disk. @throws RetryableError when the disk has been full for too long */
  check(): void {
    if (this.#fullSince === undefined || performance.now() - this.#fullSince < this.#patience) return;
    const seconds = this.#patience / 1000;
    throw new RetryableError(
      `The disk of ${this.#folder} has been full for ${seconds} s: free some space; then ${this.#again}`,
    );
  }
}

/** Free bytes of the disk of a folder; Infinity where that is unknown. */
async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder).catch(() => ({ bavail: Infinity, bsize: 1 }));
  return bavail * bsize;
}
