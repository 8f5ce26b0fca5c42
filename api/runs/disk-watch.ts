import { RetryableError } from '../../common/errors.ts';
import { isDiskFull } from '../../common/files/full-disk.ts';

/** So long a run waits for room on its disk. */
const patienceMilliseconds = 120_000;

/**
 * Watches whether the disk of a run has room. When it is full, nothing can say so but this process: neither the stages nor
 * the Temporal server can write what became of them, and both would try for ever.
 */
export class DiskWatch {
  readonly #folder: string;
  readonly #again: string;
  readonly #note: (line: string) => void;
  readonly #patience: number;
  #fullSince: number | undefined;

  /** @param again how to go on with the run, when there is room again */
  constructor(folder: string, again: string, note: (line: string) => void, patience = patienceMilliseconds) {
    this.#folder = folder;
    this.#again = again;
    this.#note = note;
    this.#patience = patience;
  }

  /** To be told what came of each write: undefined when it went well. */
  wrote(error: unknown): void {
    if (!isDiskFull(error)) this.#fullSince = undefined;
    else if (this.#fullSince === undefined) {
      this.#fullSince = performance.now();
      this.#note(`The disk of ${this.#folder} is full; the run waits ${this.#patience / 1000} s for room on it.`);
    }
  }

  /** @throws RetryableError when it has been full for long */
  check(): void {
    if (this.#fullSince === undefined || performance.now() - this.#fullSince < this.#patience) return;
    const seconds = this.#patience / 1000;
    throw new RetryableError(
      `The disk of ${this.#folder} has been full for ${seconds} s: make room on it; then ${this.#again}`,
    );
  }
}
