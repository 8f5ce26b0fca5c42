import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../common/errors.ts';
import type { Sweep } from '../../evaluation/report/data.ts';
import type { Config } from '../../pipeline/config.ts';
import type { Home } from '../../pipeline/home.ts';
import { RunRecords } from '../../pipeline/runs.ts';
import { artifactFolders, stepPath, unetPath } from './report.ts';

/** The encoder that a run ends with. */
export interface RunEncoder {
  /** The diffusers folder that it was tuned for. */
  model: string;
  /** A safetensors file. */
  textEncoder: string;
  /** The training step, and the weight of its embeddings, that validation prompts chose. */
  step: number;
  blend: number;
  /** The tuned UNet that was chosen with it: a safetensors file, and its training step. */
  unet?: string;
  unetStep?: number;
}

/** @param name a run's id, or `latest`. @throws InputError when there is none yet, or the original encoder was chosen */
export async function encoderOfRun(home: Home, name: string): Promise<RunEncoder> {
  const records = new RunRecords(home);
  const run = await records.read(name);
  const { model } = (await records.config(run.id)) as Config;
  const folders = artifactFolders(home, run);
  if (folders['sweep'] === undefined)
    throw new InputError(
      `Run ${run.id} has not chosen an encoder yet: its stage sweep is not done. See: textcraftor status ${run.id}`,
    );
  const { chosen } = JSON.parse(await readFile(join(folders['sweep'], 'sweep.json'), 'utf8')) as Sweep;
  const textEncoder = stepPath(folders['tune-encoder'], chosen.step);
  if (textEncoder === null || chosen.blend === 0)
    throw new InputError(
      `Run ${run.id} chose the original text encoder of ${model}; no tuned one was better. Export a checkpoint with --text-encoder, if you want it all the same.`,
    );
  const unet = unetPath(folders, chosen.unetStep);
  return { model, textEncoder, ...chosen, ...(unet === null ? {} : { unet }) };
}
