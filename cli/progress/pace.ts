/** How fast something goes. */
export interface Speed {
  /** Per second. */
  rate: number;
  /** Estimated seconds until it is done. */
  remaining: number;
}

interface Sample {
  done: number;
  at: number;
}

/** The rate is that of the last minute, or of the last changes when they are rarer. */
const windowSeconds = 60;
const fewest = 5;
/** A rate over less time is chance. */
const leastSeconds = 1;

/** Measures how fast each of several counts grows, from when it is first seen: what a checkpoint had is not counted. */
export class Pace {
  readonly #samples = new Map<string, Sample[]>();

  /**
   * Takes a count, and returns its speed; undefined while it is not known.
   * @param name of the count; a new attempt needs a new name
   * @param now in seconds
   */
  observe(name: string, done: number, total: number, now = performance.now() / 1000): Speed | undefined {
    const known = this.#samples.get(name) ?? [];
    // A count that falls was begun anew.
    const samples = (known.at(-1)?.done ?? 0) > done ? [] : known;
    if (samples.at(-1)?.done !== done) samples.push({ done, at: now });
    while (samples.length > fewest && now - samples[0]!.at > windowSeconds) samples.shift();
    this.#samples.set(name, samples);
    const [first, last] = [samples[0]!, samples.at(-1)!];
    if (last.at - first.at < leastSeconds) return undefined;
    const rate = (last.done - first.done) / (last.at - first.at);
    return { rate, remaining: Math.max(0, (total - last.done) / rate - (now - last.at)) };
  }
}
