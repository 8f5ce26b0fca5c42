import { stat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long nothing may change before a wait has failed: far longer than a loaded machine takes to start a process. */
const STALLED_SECONDS = 600;

export interface Watched {
  /** What else shows that something is still going on: output, files, state. Any change of it is progress. */
  progress?: (() => unknown) | undefined;
  /** How long nothing may change. */
  stalledSeconds?: number;
  /** Milliseconds between looks. */
  interval?: number;
}

/**
 * Looks again and again until what it sees is as expected, however long that takes while anything changes.
 * @param what what is waited for, for the message
 * @returns what was seen
 * @throws Error when neither what is looked at nor the progress has changed for `stalledSeconds`, with the last of both
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  isExpected: (seen: T) => boolean = Boolean,
  { progress, stalledSeconds = STALLED_SECONDS, interval = 50 }: Watched = {},
): Promise<T> {
  const dog = new Watchdog(what, stalledSeconds);
  for (;;) {
    const seen = await look();
    if (isExpected(seen)) return seen;
    dog.see({ seen, progress: await progress?.() });
    await sleep(interval);
  }
}

/**
 * Waits for a promise, however long it takes while the progress changes.
 * @throws Error as {@link until} does, or what the promise is rejected with
 */
export async function unlessStalled<T>(
  what: string,
  promise: Promise<T>,
  { progress, stalledSeconds = STALLED_SECONDS, interval = 1000 }: Watched,
): Promise<T> {
  const dog = new Watchdog(what, stalledSeconds);
  const stop = new AbortController();
  const watch = async (): Promise<never> => {
    for (;;) {
      dog.see(await progress?.());
      await sleep(interval, undefined, { signal: stop.signal });
    }
  };
  try {
    return await Promise.race([promise, watch()]);
  } finally {
    stop.abort();
  }
}

/** Sizes and times of the files below a folder. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const states = await Promise.all(files.map((file) => stat(file).catch(() => undefined)));
  return files.map((file, i) => `${file} ${states[i]?.size} ${states[i]?.mtimeMs}`);
}

class Watchdog {
  readonly #what: string;
  readonly #stalledSeconds: number;
  readonly #begun = performance.now();
  #last = '';
  #changed = performance.now();

  constructor(what: string, stalledSeconds: number) {
    this.#what = what;
    this.#stalledSeconds = stalledSeconds;
  }

  /** @throws Error when this has been the same for too long */
  see(state: unknown): void {
    const now = performance.now();
    const text = JSON.stringify(state) ?? 'undefined';
    if (text !== this.#last) [this.#last, this.#changed] = [text, now];
    if (now - this.#changed < 1000 * this.#stalledSeconds) return;
    const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(1);
    throw new Error(
      `Waited for ${this.#what}: nothing has changed for ${seconds(now - this.#changed)} s. The last progress, ${seconds(this.#changed - this.#begun)} s after the start: ${text.slice(-2000)}`,
    );
  }
}
