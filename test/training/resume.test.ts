import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeWeights } from '../../engine/weights/weights.ts';
import { loadTextEncoder } from '../../models/folder/pipeline-folder.ts';
import type { TuneSettings } from '../../training/tune-settings.ts';
import { run as tuneEncoder, type TuneEncoderSettings } from '../../training/stages/tune-encoder.ts';
import { run as tuneUnet, type TuneUnetSettings } from '../../training/stages/tune-unet.ts';
import type { TuneContext } from '../../training/tune.ts';
import { tuned } from '../evaluation/small-pipeline.ts';
import { digests, smallTuning } from './small-tuning.ts';

const { at, context, settings, makeInputs, remove } = smallTuning();
beforeAll(async () => {
  await makeInputs();
  mkdirSync(at('tuned', 'encoder', 'final'), { recursive: true });
  const encoder = tuned(await loadTextEncoder(at('model', 'text_encoder')), 0.1);
  await writeWeights(at('tuned', 'encoder', 'final', 'model.safetensors'), encoder);
});
afterAll(remove);

const augment = { crop: 0.3, flip: true, cutout: 0.25, wordDropout: 0.3, paraphrase: true };
const six = { ...settings, steps: 4, keepEvery: 2, checkpointEvery: 2 };
const encoders: Record<string, TuneEncoderSettings> = {
  'with adapters, an average, random truncation and augmentation, jointly with the UNet': {
    ...six,
    lora: { rank: 2, alpha: 4 },
    average: 0.9,
    gradient: { type: 'random' },
    augment,
    joint: { learningRate: 1e-3 },
  },
};
const unets: Record<string, TuneUnetSettings> = {
  'of the UNet, with an average and new noise at the last step': {
    ...six,
    blend: 0.5,
    average: 0.5,
    weightPull: 0.1,
    gradient: { type: 'draft-lv', repeats: 3 },
  },
};

/**
 * Runs a stage of four steps, and again from its checkpoint after two, as if killed after the third.
 * @returns the folder that both agree on
 */
async function expectExactResume<S extends TuneSettings, I extends 'shard' | 'rollout' | 'tune-encoder'>(
  run: (context: TuneContext<S, I>) => Promise<void | 'checkpoint'>,
  config: S,
  name: string,
): Promise<string> {
  await run(context(config, name));
  cpSync(at(`${name}-scratch`), at(`${name}-killed-scratch`), { recursive: true });
  rmSync(at(`${name}-killed-scratch`, 'checkpoints', 'checkpoint-000004'), { recursive: true });
  const steps: number[] = [];
  await run(context(config, `${name}-killed`, (step) => steps.push(step)));
  expect(steps).toEqual([2, 3, 4]); // it starts by reporting the step from which it continues
  expect(digests(at(`${name}-killed`))).toEqual(digests(at(name)));
  return at(name);
}

describe('tuning that is killed and continued ends with the same bytes', () => {
  it.each(Object.entries(encoders))('%s', async (name, config) => {
    const folder = await expectExactResume(tuneEncoder, config, name);
    expect(existsSync(`${folder}/lora/final/pytorch_lora_weights.safetensors`)).toBe(true);
    expect(existsSync(`${folder}/unet/step-000002/diffusion_pytorch_model.safetensors`)).toBe(
      config.joint !== undefined,
    );
  });

  it.each(Object.entries(unets))('%s', async (name, config) => {
    const folder = await expectExactResume(tuneUnet, config, name);
    expect(existsSync(`${folder}/unet/final/config.json`)).toBe(true);
    const [line] = readFileSync(`${folder}/metrics.jsonl`, 'utf8').split('\n');
    expect(Object.keys(JSON.parse(line!) as object)).not.toContain('drift');
  });
});
