import { join } from 'node:path';
import { InputError } from '../../common/errors.ts';
import { readManifest, type PromptRow, type ShardEntry } from './shard-manifest.ts';
import { keyedPermutation } from './permutation.ts';
import { ShardFile } from './shard-file.ts';
import type { Split } from './split.ts';

/** Row groups kept in memory: about 131,000 prompts, enough for all of a small split. */
const groupsKept = 32;

/**
 * A split as an endless stream in random order: each epoch has every prompt once, in its own order. A position in the
 * stream is a number, so a resumed trainer continues at the position after its last one with exactly the same prompts.
 *
 * Opening reads only the manifest; a batch reads only the row groups of its prompts, so memory does not grow with the
 * number of prompts.
 */
export class PromptStream {
  readonly #folder: string;
  readonly #seed: number;
  readonly #shards: readonly ShardEntry[];
  /** Start of each shard, then the number of prompts. */
  readonly #starts: number[] = [0];
  readonly #files = new Map<number, Promise<ShardFile>>();
  /** Row groups by "shard/group", most recently used last. */
  readonly #groups = new Map<string, Promise<PromptRow[]>>();
  #epoch = -1;
  #order: (place: number) => number = (place) => place;

  private constructor(folder: string, shards: readonly ShardEntry[], seed: number) {
    [this.#folder, this.#shards, this.#seed] = [folder, shards, seed];
    for (const { rows } of shards) this.#starts.push(this.#starts.at(-1)! + rows);
  }

  /** Opens a split. @throws InputError when the folder holds no shards, or the split is empty */
  static async open(folder: string, split: Split, seed: number): Promise<PromptStream> {
    const { rows, shards } = (await readManifest(folder)).splits[split];
    if (rows === 0) throw new InputError(`${folder}: the ${split} split has no prompts.`);
    return new PromptStream(folder, shards, seed);
  }

  /** Number of prompts per epoch. */
  get rows(): number {
    return this.#starts.at(-1)!;
  }

  /**
   * Reads the prompts at `count` positions from `position` on.
   * @throws RunError when a shard is damaged
   */
  async take(position: number, count: number): Promise<PromptRow[]> {
    const wanted = new Map<string, { shard: number; group: number; places: { at: number; place: number }[] }>();
    const rows = Array.from({ length: count }, (_, i) => this.#rowAt(position + i));
    for (const [at, row] of rows.entries()) {
      const shard = this.#starts.findIndex((start) => start > row) - 1;
      const { group, place } = (await this.#file(shard)).locate(row - this.#starts[shard]!);
      remember(wanted, `${shard}/${group}`, () => ({ shard, group, places: [] })).places.push({ at, place });
    }
    const found = new Array<PromptRow>(count);
    // One group at a time, to keep only one more in memory.
    for (const { shard, group, places } of wanted.values()) {
      const prompts = await this.#group(shard, group);
      for (const { at, place } of places) found[at] = prompts[place]!;
    }
    return found;
  }

  /** Yields batches from `position` on, endlessly. Reads the next batch while one is in use. */
  async *batches(position: number, size: number): AsyncGenerator<PromptRow[]> {
    let next = this.take(position, size);
    for (;;) {
      const batch = await next;
      position += size;
      next = this.take(position, size);
      next.catch(() => {}); // thrown when the batch is requested
      yield batch;
    }
  }

  /** Returns the row of the split at a position of the stream. */
  #rowAt(position: number): number {
    const epoch = Math.floor(position / this.rows);
    if (epoch !== this.#epoch) {
      this.#order = keyedPermutation(this.rows, [this.#seed, epoch]);
      this.#epoch = epoch;
    }
    return this.#order(position - epoch * this.rows);
  }

  #file(shard: number): Promise<ShardFile> {
    const { file, rows } = this.#shards[shard]!;
    return remember(this.#files, shard, () => ShardFile.open(join(this.#folder, file), rows));
  }

  #group(shard: number, group: number): Promise<PromptRow[]> {
    const key = `${shard}/${group}`;
    const rows = remember(this.#groups, key, async () => (await this.#file(shard)).readGroup(group));
    this.#groups.delete(key);
    this.#groups.set(key, rows);
    if (this.#groups.size > groupsKept) this.#groups.delete(this.#groups.keys().next().value!);
    return rows;
  }
}

function remember<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
