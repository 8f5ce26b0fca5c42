import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { RunError } from '../common/errors.ts';
import { readSafetensors } from '../engine/weights/safetensors.ts';

/** A start of the last K steps: the prompt, which of its samples, and z at step T - K. */
export interface RolloutSample {
  id: string;
  prompt: string;
  sample: number;
}

/** `samples.json` of a rollout. */
export interface RolloutIndex {
  /** Of a sample's latents: [h, w, C] for a picture. */
  shape: number[];
  samples: RolloutSample[];
  files: { file: string; samples: number }[];
}

/** A rollout in memory: sample i's latents are `latents[i * size .. (i + 1) * size]`. */
export interface Rollout extends Omit<RolloutIndex, 'files'> {
  latents: Float32Array;
}

/** Reads the artifact of the rollout stage. */
export async function readRollout(folder: string): Promise<Rollout> {
  const index = JSON.parse(await readFile(join(folder, 'samples.json'), 'utf8')) as RolloutIndex;
  const size = index.shape.reduce((a, b) => a * b, 1);
  const latents = new Float32Array(index.samples.length * size);
  let at = 0;
  for (const { file, samples } of index.files) {
    const values = (await readSafetensors(join(folder, file))).float32('latents');
    if (values.length !== samples * size)
      throw new RunError(`${join(folder, file)}: ${values.length} values, expected ${samples * size}.`);
    latents.set(values, at);
    at += values.length;
  }
  return { ...index, latents };
}
