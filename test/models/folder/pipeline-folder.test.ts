import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../../../common/errors.ts';
import {
  loadPipeline,
  loadTextEncoder,
  savePipeline,
  type LoadedPipeline,
} from '../../../models/folder/pipeline-folder.ts';
import { goldenPath } from '../golden.ts';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'pipeline-')), 'model');
  await cp(goldenPath('pipeline'), folder, { recursive: true });
});
afterEach(() => rm(join(folder, '..'), { recursive: true }));

/** Changes keys of a JSON file of the folder. */
async function edit(file: string, change: Record<string, unknown>): Promise<void> {
  const path = join(folder, file);
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), ...change }));
}

const failure = async (): Promise<Error> => {
  const error: unknown = await loadPipeline(folder).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(InputError);
  return error as Error;
};

/** Its configuration when the weights are written in float32: transformers loads them in the type named there. */
const asFloat32 = ({ config: { textEncoder, scheduler, ...others } }: LoadedPipeline) => ({
  ...others,
  scheduler: scheduler.json,
  textEncoder: { ...textEncoder, dtype: 'float32' },
});
/** A configuration without the keys that record its origin. */
const comparable = ({ config }: LoadedPipeline) => ({ ...config, scheduler: config.scheduler.json });

it('a folder that was loaded and saved loads as the same pipeline', async () => {
  const loaded = await loadPipeline(folder);
  const copy = join(folder, '..', 'copy');
  await savePipeline(copy, loaded, { tokenizer: join(folder, 'tokenizer') });
  const again = await loadPipeline(copy);
  expect(comparable(again)).toEqual(asFloat32(loaded));
  expect(again.weights).toEqual(loaded.weights);
  expect(again.tokenizer.encode('a red cat')).toEqual(loaded.tokenizer.encode('a red cat'));

  // transformers refuses a whole number here.
  expect(await readFile(join(copy, 'text_encoder/config.json'), 'utf8')).toMatch(/"initializer_factor": 1\.0,\n/);

  // The golden weights are float16 already, so nothing is lost here either.
  await savePipeline(copy, loaded, { tokenizer: join(folder, 'tokenizer'), dtype: 'F16' });
  expect((await loadPipeline(copy)).weights).toEqual(loaded.weights);
});

it('writes the scheduler that runs: of the class in model_index.json, with the keys of scheduler_config.json', async () => {
  await edit('model_index.json', { scheduler: ['diffusers', 'DDIMScheduler'] });
  await edit('scheduler/scheduler_config.json', { _class_name: 'PNDMScheduler', skip_prk_steps: true });
  const copy = join(folder, '..', 'copy');
  await savePipeline(copy, await loadPipeline(folder), { tokenizer: join(folder, 'tokenizer') });
  const written = async (file: string) => JSON.parse(await readFile(join(copy, file), 'utf8')) as object;
  expect(await written('model_index.json')).toMatchObject({ scheduler: ['diffusers', 'DDIMScheduler'] });
  expect(await written('scheduler/scheduler_config.json')).toMatchObject({
    _class_name: 'DDIMScheduler',
    skip_prk_steps: true,
  });
});

it("reads the folder of another scheduler, with the infinity that diffusers writes into DPM-Solver's, and writes it again", async () => {
  const file = join(folder, 'scheduler/scheduler_config.json');
  const text = await readFile(file, 'utf8');
  const solver = text.replace(
    '"DDIMScheduler"',
    '"DPMSolverMultistepScheduler",\n  "lambda_min_clipped": -Infinity,\n  "note": "-Infinity and NaN",\n  "word": "Infinity"',
  );
  await writeFile(file, solver);
  const loaded = await loadPipeline(folder);
  expect(loaded.config.scheduler.json).toMatchObject({
    lambda_min_clipped: -Infinity,
    note: '-Infinity and NaN',
    word: 'Infinity',
  });
  const copy = join(folder, '..', 'copy');
  await savePipeline(copy, loaded, { tokenizer: join(folder, 'tokenizer') });
  expect(await readFile(join(copy, 'scheduler/scheduler_config.json'), 'utf8')).toContain(
    '"lambda_min_clipped": -Infinity,',
  );
  expect(comparable(await loadPipeline(copy))).toEqual(asFloat32(loaded));
});

it('a text encoder is the same from a file, a folder, with and without `text_model.` before its names', async () => {
  const { weights } = await loadPipeline(folder);
  const names = [...weights.textEncoder.keys()];
  expect(names.every((name) => name.startsWith('text_model.'))).toBe(true);
  expect(await loadTextEncoder(join(folder, 'text_encoder'))).toEqual(weights.textEncoder);
  expect(await loadTextEncoder(join(folder, 'text_encoder/model.safetensors'))).toEqual(weights.textEncoder);
  const copy = join(folder, '..', 'copy');
  await savePipeline(copy, await loadPipeline(folder), { tokenizer: goldenPath('pipeline/tokenizer') });
  expect(await loadTextEncoder(join(copy, 'text_encoder'))).toEqual(weights.textEncoder);
});

describe('a faulty folder gets one sentence', () => {
  it.each<[string, string, Record<string, unknown>, RegExp]>([
    [
      'another pipeline class',
      'model_index.json',
      { _class_name: 'FluxPipeline' },
      /model_index.json: _class_name is "FluxPipeline": expected "StableDiffusionPipeline"/,
    ],
    [
      'another network class',
      'unet/config.json',
      { _class_name: 'UNet2DModel' },
      /unet\/config.json: _class_name is "UNet2DModel": only "UNet2DConditionModel"/,
    ],
    [
      'another text encoder',
      'text_encoder/config.json',
      { architectures: ['T5EncoderModel'] },
      /architectures is \["T5EncoderModel"\]/,
    ],
    [
      'another scheduler',
      'scheduler/scheduler_config.json',
      { _class_name: 'Unknown' },
      /scheduler_config.json: _class_name is "Unknown"/,
    ],
    [
      'widths that do not fit',
      'unet/config.json',
      { cross_attention_dim: 13 },
      /cross_attention_dim is 13; the hidden_size of the text encoder .* is 12/,
    ],
    [
      'channels that do not fit',
      'unet/config.json',
      { in_channels: 9 },
      /unet: 9 channels in and 4 out; the VAE has 4/,
    ],
    [
      'a vocabulary that does not fit',
      'text_encoder/config.json',
      { vocab_size: 100 },
      /text_encoder: its tokenizer has \d+ tokens, but the model's vocab_size is 100/,
    ],
  ])('%s', async (_name, file, change, message) => {
    await edit(file, change);
    expect((await failure()).message).toMatch(message);
  });

  it('no folder, a missing part, truncated JSON, truncated or missing weights', async () => {
    await expect(loadPipeline(join(folder, 'nothing'))).rejects.toThrow(/nothing\/model_index.json: it does not exist/);
    const weights = join(folder, 'vae/diffusion_pytorch_model.safetensors');
    await truncate(weights, 20000);
    expect((await failure()).message).toMatch(
      /Tensor .* in .*vae\/diffusion_pytorch_model.safetensors lies at bytes .* truncated/,
    );
    await rm(weights);
    expect((await failure()).message).toMatch(
      /vae has no weights; expected one of diffusion_pytorch_model.safetensors/,
    );
    await truncate(join(folder, 'vae/config.json'), 30);
    expect((await failure()).message).toMatch(/vae\/config.json is not JSON/);
    await rm(join(folder, 'unet'), { recursive: true });
    expect((await failure()).message).toMatch(/unet\/config.json: it does not exist/);
  });
});
