import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../common/errors.ts';
import { writeWeights, type Weight, type Weights } from '../../../engine/weights/weights.ts';
import { readSafetensors } from '../../../engine/weights/safetensors.ts';
import { loadPipeline, type LoadedPipeline } from '../../../models/folder/pipeline-folder.ts';
import { loadSingleFile } from '../../../models/folder/single-file/load-single-file.ts';
import { unetName, vaeName } from '../../../models/folder/single-file/original-names.ts';
import { pipelineTensors } from '../../../models/folder/single-file/require-networks.ts';
import { stableDiffusion1, stableDiffusion2 } from '../../../models/folder/single-file/stable-diffusion.ts';
import { goldenPath } from '../golden.ts';

/** Original names to diffusers' names, confirmed by diffusers' own conversion (make.py). */
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
  it('has the tensors of the folder that it was made from', async () => {
    const { config, weights } = await loadSingleFile(path, { configFolder: goldenPath('pipeline') });
    expect(config).toEqual(tiny.config);
    for (const part of ['textEncoder', 'unet', 'vae'] as const) {
      expect([...weights[part].keys()].sort(), part).toEqual([...tiny.weights[part].keys()].sort());
      for (const [name, weight] of weights[part]) expect(weight, name).toEqual(tiny.weights[part].get(name));
    }
  });

  it.each(['a b', '[1]', 'x=y', 'ü', '#', '%41', 'a?b', 'back\\slash'])('may be named %s', async (name) => {
    const own = join(folder, `${name}.safetensors`);
    await writeWeights(own, original);
    const { weights } = await loadSingleFile(own, { configFolder: goldenPath('pipeline') });
    expect([...weights.unet.keys()].sort()).toEqual([...tiny.weights.unet.keys()].sort());
  });

  it.each([
    ['deepUnet', (name: string) => unetName(name.replace('model.diffusion_model.', ''), 2)],
    ['deepVae', (name: string) => vaeName(name.replace('first_stage_model.', ''), 3)],
  ] as const)('of other depths has the names that diffusers gives it: %s', (network, rename) => {
    for (const [name, ours] of Object.entries(names[network])) expect(rename(name), name).toBe(ours);
  });

  it('is refused when it is not Stable Diffusion 1 and no configuration is given', async () => {
    await expect(loadSingleFile(path)).rejects.toThrow(
      /tiny.safetensors is not Stable Diffusion 1: model.diffusion_model.input_blocks.0.0.weight has shape \[8, 4, 3, 3\]; expected \[320, 4, 3, 3\]. Name a folder .*--config/,
    );
  });

  it('is refused when it is another kind of file, or is given as a folder', async () => {
    const encoder = goldenPath('pipeline/text_encoder/model.safetensors');
    await expect(loadSingleFile(encoder)).rejects.toThrow(/no tensor's name begins with model.diffusion_model/);
    const error: unknown = await loadPipeline(path).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(
      /is a file; a pipeline is a folder.*textcraftor import .*tiny.safetensors/,
    );
  });
});

describe('a checkpoint with the text encoder of OpenCLIP, as Stable Diffusion 2 has it,', () => {
  const file = join(folder, 'two.safetensors');
  const textNames = (name: string) => name.startsWith('cond_stage_model.');
  const withoutText = () => [...original].filter(([name]) => !textNames(name));

  it('has the text encoder that diffusers converts it to, without the unused layer', async () => {
    const openClip = await readSafetensors(goldenPath('single-file/open-clip.safetensors'));
    const masks = openClip.names.filter((name) => name !== 'cond_stage_model.model.attn_mask');
    const tensors = masks.map((name): [string, Weight] => [
      name,
      { shape: openClip.info(name).shape, data: openClip.float32(name) },
    ]);
    await writeWeights(file, new Map([...withoutText(), ...tensors]));
    const { textEncoder } = (await loadSingleFile(file, { configFolder: goldenPath('pipeline') })).weights;
    const expected = tiny.weights.textEncoder;
    expect([...textEncoder.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [name, weight] of textEncoder) expect(weight, name).toEqual(expected.get(name));
  });

  it('asks which kind of Stable Diffusion 2 it is', async () => {
    const name = 'model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight';
    await writeWeights(file, new Map([...original, [name, { shape: [1, 1024], data: new Float32Array(1024) }]]));
    await expect(loadSingleFile(file)).rejects.toThrow(
      /is Stable Diffusion 2.*--prediction-type v_prediction.*epsilon/,
    );
    await expect(loadSingleFile(file, { prediction: 'epsilon' })).rejects.toThrow(
      /The text encoder in .*two.safetensors does not fit its configuration: \d+ of 372 tensors are missing/,
    );
    const { unet, textEncoder, scheduler } = stableDiffusion2('v_prediction');
    expect([unet.sample_size, unet.cross_attention_dim, scheduler.json['prediction_type']]).toEqual([
      96,
      1024,
      'v_prediction',
    ]);
    expect([textEncoder.num_hidden_layers, textEncoder.hidden_act]).toEqual([23, 'gelu']);
    expect(stableDiffusion2('epsilon').unet.sample_size).toBe(64);
  });
});

describe('an incomplete checkpoint, or one of another model, gets one sentence:', () => {
  const zeros: Weight = { shape: [1], data: Float32Array.of(0) };
  const drop = (pattern: RegExp) => new Map([...original].filter(([name]) => !pattern.test(name)));
  const add = (name: string) => new Map([...original, [name, zeros]]);
  const only = (name: string) => new Map([[name, zeros]]);
  it.each<[string, () => Weights, RegExp]>([
    [
      'no text encoder',
      () => drop(/^cond_stage_model/),
      /has no text encoder: no tensor's name begins with cond_stage_/,
    ],
    ['no VAE', () => drop(/^first_stage_model/), /has no VAE: no tensor's name begins with first_stage_model. or vae./],
    [
      'a tensor of the UNet',
      () => drop(/input_blocks\.1\.0\.in_layers\.2\.bias/),
      /The UNet in .* 1 of \d+ tensors are missing \(down_blocks.0.resnets.0.conv1.bias\)/,
    ],
    [
      'a tensor of the text encoder under another name',
      () => add('cond_stage_model.transformer.text_model.other'),
      /The text encoder in .* 1 of \d+ tensors are unknown \(text_model.other\)/,
    ],
    ['a tensor beside them', () => add('something.else'), /has 1 unknown tensors: something.else/],
    ['a mark of v_prediction', () => add('v_pred'), /marked as a model of v_prediction; add --prediction-type/],
    ['XL', () => add('conditioner.embedders.1.model.ln_final.bias'), /is Stable Diffusion XL, which has two/],
    ["XL's refiner", () => add('conditioner.embedders.0.model.ln_final.bias'), /is Stable Diffusion XL's refiner/],
    ['3', () => only('model.diffusion_model.joint_blocks.0.context_block.x'), /is Stable Diffusion 3/],
    ['Flux', () => only('double_blocks.0.img_attn.norm.key_norm.scale'), /is Flux/],
    ['a ControlNet', () => add('control_model.time_embed.0.weight'), /is a ControlNet/],
    ['LoRA', () => only('lora_unet_mid_block_attentions_0.lora_down.weight'), /is a LoRA file/],
    ['a VAE', () => only('decoder.mid.block_1.conv1.weight'), /is a VAE alone/],
    ['a UNet of diffusers', () => only('down_blocks.0.resnets.0.conv1.weight'), /is a UNet under diffusers' names/],
  ])('%s', async (_what, weights, message) => {
    const file = join(folder, 'other.safetensors');
    await writeWeights(file, weights());
    const error: unknown = await loadSingleFile(file, { configFolder: goldenPath('pipeline') }).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
  });
});

it.each([
  ['1', stableDiffusion1(), 196],
  ['2', stableDiffusion2('v_prediction'), 372],
] as const)('Stable Diffusion %s has as many tensors as its published files', (_which, config, text) => {
  const { textEncoder, unet, vae } = pipelineTensors(config);
  expect([textEncoder.size, unet.size, vae.size]).toEqual([text, 686, 248]);
});
