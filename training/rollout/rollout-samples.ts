import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { RunError } from '../../common/errors.ts';
import { product } from '../../common/product.ts';
import { readSafetensors } from '../../engine/weights/safetensors.ts';

/** A starting point of the last K steps: a prompt and the number of its sample. */
export interface RolloutSample {
  id: string;
  prompt: string;
  sample: number;
}

/** `samples.json` of a rollout. */
export interface RolloutIndex {
  /** Shape of a sample's latents: [h, w, C] for a picture. */
  shape: number[];
  samples: RolloutSample[];
  files: { file: string; samples: number }[];
}

/** The prompts of some samples, and their latents concatenated. */
export interface RolloutBatch {
  prompts: string[];
  latents: Float32Array;
}

/** A rollout in memory: the latents after the first T - K denoising steps, from which training takes the last K. */
export class Rollout {
  /** Shape of a sample's latents: [h, w, C] for a picture. */
  readonly shape: readonly number[];
  readonly samples: readonly RolloutSample[];
  /** [samples, ...], row-major. */
  readonly latents: Float32Array;

  constructor({ shape, samples, latents }: Pick<Rollout, 'shape' | 'samples' | 'latents'>) {
    this.shape = shape;
    this.samples = samples;
    this.latents = latents;
  }

  /** Number of values in a sample's latents, including all of its pictures (a video's frames). */
  get size(): number {
    return this.latents.length / this.samples.length;
  }

  /** Returns the samples at `rows`, in that order. */
  batch(rows: readonly number[]): RolloutBatch {
    const { size } = this;
    const latents = new Float32Array(rows.length * size);
    rows.forEach((row, i) => latents.set(this.latents.subarray(row * size, (row + 1) * size), i * size));
    return { prompts: rows.map((row) => this.samples[row]!.prompt), latents };
  }
}

/** Reads the artifact of the rollout stage. */
export async function readRollout(folder: string): Promise<Rollout> {
  const index = JSON.parse(await readFile(join(folder, 'samples.json'), 'utf8')) as RolloutIndex;
  const size = product(index.shape);
  const latents = new Float32Array(index.samples.length * size);
  let at = 0;
  for (const { file, samples } of index.files) {
    const values = (await readSafetensors(join(folder, file))).float32('latents');
    if (values.length !== samples * size)
      throw new RunError(`${join(folder, file)}: ${values.length} values, expected ${samples * size}.`);
    latents.set(values, at);
    at += values.length;
  }
  return new Rollout({ ...index, latents });
}
