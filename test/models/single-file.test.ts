import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../common/errors.ts';
import { writeWeights, type Weight, type Weights } from '../../engine/weights.ts';
import { loadPipeline, type LoadedPipeline } from '../../models/pipeline.ts';
import { loadSingleFile } from '../../models/single-file/load.ts';
import { unetName, vaeName } from '../../models/single-file/names.ts';
import { goldenPath } from './golden.ts';

/** Original names to diffusers', which diffusers' own conversion agreed with (make.py). */
const names = JSON.parse(readFileSync(goldenPath('single-file/names.json'), 'utf8')) as Record<
  'unet' | 'vae' | 'deepUnet' | 'deepVae',
  Record<string, string>
>;
const folder = mkdtempSync(join(tmpdir(), 'single-file-'));
const path = join(folder, 'tiny.safetensors');
let tiny: LoadedPipeline;
let original: Weights;
beforeAll(async () => {
  tiny = await loadPipeline(goldenPath('pipeline'));
  const { textEncoder, unet, vae } = tiny.weights;
  const square = ({ shape, data }: Weight): Weight => ({ shape: [...shape, 1, 1], data });
  original = new Map([
    ...Object.entries(names.unet).map(([name, ours]) => [name, unet.get(ours)!] as const),
    ...Object.entries(names.vae).map(
      ([name, ours]) =>
        [name, /attn_1\.(q|k|v|proj_out)\.weight/.test(name) ? square(vae.get(ours)!) : vae.get(ours)!] as const,
    ),
    ...[...textEncoder].map(([name, weight]) => [`cond_stage_model.transformer.${name}`, weight] as const),
    ['model_ema.decay', { shape: [1], data: Float32Array.of(1) }],
    ['betas', { shape: [2], data: Float32Array.of(0.1, 0.2) }],
  ]);
  await writeWeights(path, original);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a single-file checkpoint', () => {
  it('has the tensors of the folder that it was made of', async () => {
    const { config, weights } = await loadSingleFile(path, goldenPath('pipeline'));
    expect(config).toEqual(tiny.config);
    for (const part of ['textEncoder', 'unet', 'vae'] as const) {
      expect([...weights[part].keys()].sort(), part).toEqual([...tiny.weights[part].keys()].sort());
      for (const [name, weight] of weights[part]) expect(weight, name).toEqual(tiny.weights[part].get(name));
    }
  });

  it.each([
    ['deepUnet', (name: string) => unetName(name.replace('model.diffusion_model.', ''), 2)],
    ['deepVae', (name: string) => vaeName(name.replace('first_stage_model.', ''), 3)],
  ] as const)('of other depths has the names that diffusers gives it: %s', (network, rename) => {
    for (const [name, ours] of Object.entries(names[network])) expect(rename(name), name).toBe(ours);
  });

  it('is refused when it is another model than Stable Diffusion 1 and no configuration is named', async () => {
    await expect(loadSingleFile(path)).rejects.toThrow(
      /tiny.safetensors is not Stable Diffusion 1: conv_in.weight has shape \[8, 4, 3, 3\]; expected \[320, 4, 3, 3\]. Name a folder .*--config/,
    );
  });

  it('is refused when it is something else, or is taken for a folder', async () => {
    const encoder = goldenPath('pipeline/text_encoder/model.safetensors');
    await expect(loadSingleFile(encoder)).rejects.toThrow(/no tensor's name begins with model.diffusion_model/);
    const error: unknown = await loadPipeline(path).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(
      /is a file; a pipeline is a folder.*textcraftor import .*tiny.safetensors/,
    );
  });
});
