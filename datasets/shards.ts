import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { join } from 'node:path';
import { InputError, RunError } from '../common/errors.ts';
import { readManifest, type PromptRow } from './manifest.ts';
import { keyedPermutation } from './permutation.ts';
import type { Split } from './split.ts';

export type { PromptRow } from './manifest.ts';

/**
 * The prompts of a split in the order of the shards, which is as good as shuffled: the first n are a random sample.
 * @throws InputError when the folder holds no shards, RunError when a shard is damaged
 */
export async function readSplit(folder: string, split: Split): Promise<PromptRow[]> {
  const { shards } = (await readManifest(folder)).splits[split];
  const all: PromptRow[] = [];
  for (const { file, rows } of shards) {
    const read = await readShard(join(folder, file));
    if (read.length !== rows)
      throw new RunError(`${join(folder, file)}: ${read.length} rows, the manifest says ${rows}.`);
    for (const row of read) all.push(row);
  }
  return all;
}

async function readShard(path: string): Promise<PromptRow[]> {
  try {
    const file = await asyncBufferFromFile(path);
    return (await parquetReadObjects({ file, compressors })) as unknown as PromptRow[];
  } catch (error) {
    throw new RunError(`${path}: the shard cannot be read (${(error as Error).message}); run the stage "shard" again.`);
  }
}

/**
 * A split as an endless stream in random order: each epoch has every prompt once, in an order of its own. A place in
 * the stream is a number, so a trainer that resumes asks for the place after its last one and gets what it would have got.
 */
export class PromptStream {
  readonly #prompts: readonly PromptRow[];
  readonly #seed: number;
  #epoch = -1;
  #order: (place: number) => number = (place) => place;

  private constructor(prompts: readonly PromptRow[], seed: number) {
    this.#prompts = prompts;
    this.#seed = seed;
  }

  /** @throws InputError when the split is empty */
  static async open(folder: string, split: Split, seed: number): Promise<PromptStream> {
    const prompts = await readSplit(folder, split);
    if (prompts.length === 0) throw new InputError(`${folder}: the ${split} split has no prompts.`);
    return new PromptStream(prompts, seed);
  }

  /** Prompts an epoch. */
  get rows(): number {
    return this.#prompts.length;
  }

  /** The prompt at a place, from 0. */
  at(position: number): PromptRow {
    const epoch = Math.floor(position / this.rows);
    if (epoch !== this.#epoch) {
      this.#order = keyedPermutation(this.rows, [this.#seed, epoch]);
      this.#epoch = epoch;
    }
    return this.#prompts[this.#order(position - epoch * this.rows)]!;
  }

  /** The prompts at `count` places from `position` on. */
  take(position: number, count: number): PromptRow[] {
    return Array.from({ length: count }, (_, i) => this.at(position + i));
  }
}
