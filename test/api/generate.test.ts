import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generate, seededNoise, type GenerateOptions } from '../../api/generate-picture.ts';
import { InputError } from '../../common/errors.ts';
import { readSafetensors, writeSafetensors } from '../../engine/weights/safetensors.ts';
import { writeWeights } from '../../engine/weights/weights.ts';
import { mergeLora } from '../../models/lora/lora.ts';
import { readLora } from '../../models/lora/lora-file.ts';
import { loadPipeline } from '../../models/folder/pipeline-folder.ts';
import type { UnetConfig } from '../../models/unet/unet-config.ts';
import { type GoldenPipeline, expectAgreement, goldenPath, readGoldenJson, tensorOf } from '../models/golden.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const model = goldenPath('pipeline');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'generate-'));
});
afterAll(() => rm(folder, { recursive: true }));

const run = (options: Partial<GenerateOptions>) =>
  generate(
    {
      model,
      prompt: ['a red cat'],
      out: join(folder, 'out'),
      negative: '',
      steps: 2,
      scheduler: 'ddim',
      guidance: 3,
      seed: 1,
      force: true,
      ...options,
    },
    { progress: () => {}, warn: () => {} },
  );

it("writes diffusers' latents and pictures for the same start noise", async () => {
  const { prompts, steps, guidance } = await readGoldenJson<GoldenPipeline>('pipeline/golden.json');
  const golden = await readSafetensors(goldenPath('pipeline/golden.safetensors'));
  const args = ['generate', '--model', model, '--steps', String(steps), '--guidance', String(guidance)];
  args.push(
    ...prompts.flatMap((prompt) => ['--prompt', prompt]),
    '--latents',
    goldenPath('pipeline/golden.safetensors'),
  );
  args.push('--out', join(folder, 'cli'), '--save-tensors', join(folder, 'cli.safetensors'));
  const command = spawnSync(process.execPath, ['cli/textcraftor.mjs', ...args], { cwd: root, encoding: 'utf8' });
  expect(command.status, command.stderr).toBe(0);
  expect(command.stderr).toMatch(/the prompt "Two BLUE squares, .*" has \d+ tokens; the model reads the first 16\./);
  expect(command.stdout.trim().split('\n')).toEqual([join(folder, 'cli/0000.png'), join(folder, 'cli/0001.png')]);

  const saved = await readSafetensors(join(folder, 'cli.safetensors'));
  expect(saved.info('latents')).toEqual({ dtype: 'F32', shape: [2, 4, 8, 8] });
  expect(saved.info('images')).toEqual({ dtype: 'F32', shape: [2, 3, 16, 16] });
  expectAgreement(tensorOf(saved, 'latents'), golden, 'out.plain', 1e-4);
  expectAgreement(tensorOf(saved, 'images'), golden, 'out.images', 1e-3);
  const png = PNG.sync.read(await readFile(join(folder, 'cli/0001.png')));
  const images = golden.float32('out.images');
  for (const [y, x, c] of [
    [0, 0, 0],
    [3, 5, 1],
    [15, 15, 2],
  ] as const) {
    const expected = 255 * images[((3 + c) * 16 + y) * 16 + x]!;
    expect(Math.abs(png.data[4 * (y * 16 + x) + c]! - expected)).toBeLessThan(0.75);
  }
});

const noise = goldenPath('pipeline/golden.safetensors');
const textEncoder = goldenPath('pipeline/tuned.safetensors');

/** The final latents of a run. */
async function latents(options: Partial<GenerateOptions>) {
  const saveTensors = join(folder, 'tensors.safetensors');
  await run({ saveTensors, ...options });
  return tensorOf(await readSafetensors(saveTensors), 'latents');
}

it('takes a tuned UNet, or adapters of both networks, in the last steps', async () => {
  const lora = goldenPath('lora/diffusers.safetensors');
  const adapters = await readLora(lora);
  const { weights } = await loadPipeline(model);
  const [textEncoder, unet] = [join(folder, 'encoder.safetensors'), join(folder, 'unet.safetensors')];
  await writeWeights(textEncoder, mergeLora(weights.textEncoder, adapters.text_encoder!, lora));
  await writeWeights(unet, mergeLora(weights.unet, adapters.unet!, lora));
  const latents = async (options: Partial<GenerateOptions>) => {
    await run({ ...options, lastSteps: 1, saveTensors: join(folder, 'tuned.safetensors') });
    return (await readSafetensors(join(folder, 'tuned.safetensors'))).float32('latents');
  };
  const both = await latents({ textEncoder, unet });
  expect(await latents({ lora })).toEqual(both);
  expect(await latents({ unet })).not.toEqual(both);
  await expect(run({ unet, blend: 0.5 })).rejects.toThrow('--blend needs a second encoder');
  await expect(run({ unet, steps: 8, lastSteps: 9 })).rejects.toThrow(
    '--last-steps is 9; expected at most 8, the steps of a picture (--steps).',
  );
  await expect(run({ unet: 'nowhere' })).rejects.toThrow('The UNet nowhere does not exist');
});

it('applies a negative prompt as diffusers does', async () => {
  const { prompts, steps, guidance, negative } = await readGoldenJson<GoldenPipeline>('pipeline/golden.json');
  const found = await latents({ prompt: prompts, steps, guidance, negative, latents: noise });
  expectAgreement(found, await readSafetensors(noise), 'out.negative', 1e-4);
});

it("blends the tuned encoder's embeddings into the model's own in the last steps", async () => {
  const { prompts, steps, guidance, blend, blendSteps } = await readGoldenJson<GoldenPipeline>('pipeline/golden.json');
  const found = await latents({
    prompt: prompts,
    steps,
    guidance,
    textEncoder,
    blend,
    lastSteps: blendSteps,
    latents: noise,
  });
  expectAgreement(found, await readSafetensors(noise), 'out.blended', 1e-4);
});

it("uses a tuned encoder in all steps, as if it were the model's own, when no blend is given", async () => {
  const tunedModel = join(folder, 'tuned-model');
  await cp(model, tunedModel, { recursive: true });
  await cp(textEncoder, join(tunedModel, 'text_encoder/model.safetensors'));
  const found = await latents({ textEncoder });
  expect(found.dataSync()).toEqual((await latents({ model: tunedModel })).dataSync());
});

describe('the start noise', () => {
  const unet = { sample_size: 4, in_channels: 2 } as UnetConfig;
  const noiseOf = (prompts: string[], seed: number) =>
    seededNoise(unet, prompts, seed)
      .unstack()
      .map((t) => t.dataSync());

  it('depends on the seed, the prompt, and how often the prompt came before, only', () => {
    const [cat, dog, again] = noiseOf(['cat', 'dog', 'cat'], 1);
    expect(noiseOf(['dog', 'cat', 'cat'], 1)).toEqual([dog, cat, again]);
    expect(new Set([cat, dog, again, noiseOf(['cat'], 2)[0]].map((values) => values!.join())).size).toBe(4);
  });
});

describe('bad input is an InputError, and nothing is written', () => {
  const refused = async (options: Partial<GenerateOptions>, message: RegExp | string) => {
    const out = join(folder, 'refused');
    const error: unknown = await run({ out, ...options }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    if (typeof message === 'string') expect((error as Error).message).toBe(message);
    else expect((error as Error).message).toMatch(message);
    await expect(readdir(out)).rejects.toThrow('ENOENT');
  };
  const file = async (name: string, tensors: Parameters<typeof writeSafetensors>[1]) => {
    await writeSafetensors(join(folder, name), tensors);
    return join(folder, name);
  };

  it('start noise of the wrong shape, or under another name', async () => {
    const data = new Float32Array(256);
    const wrong = await file('wrong.safetensors', { latents: { dtype: 'F32', shape: [1, 8, 4, 8], data } });
    await refused(
      { latents: wrong },
      /latents in .*wrong.safetensors has shape \[1, 8, 4, 8\]; expected \[1, 4, h, w\]/,
    );
    const named = await file('named.safetensors', { noise: { dtype: 'F32', shape: [1, 4, 8, 8], data } });
    await refused({ latents: named }, /named.safetensors has no tensor latents/);
  });

  it('a text encoder with a tensor of another shape: named with both shapes', async () => {
    const tuned = await readSafetensors(textEncoder);
    const tensors = Object.fromEntries(
      tuned.names.map((n) => [n, { dtype: 'F32' as const, shape: tuned.info(n).shape, data: tuned.float32(n) }]),
    );
    const name = 'encoder.layers.1.mlp.fc1.weight';
    const wide = await file('wide.safetensors', {
      ...tensors,
      [name]: { dtype: 'F32', shape: [25, 12], data: new Float32Array(300) },
    });
    await refused({ textEncoder: wide }, `Tensor text_model.${name} in ${wide} has shape [25, 12]; expected [24, 12].`);
  });

  it('a blend without a second encoder, more steps than the schedule has, no model, no encoder', async () => {
    await refused({ blend: 0.5 }, /--text-encoder/);
    await refused({ steps: 2000 }, /2000 sampling steps are not possible; this noise schedule has 1000/);
    await refused({ model: join(folder, 'nothing') }, /nothing\/model_index.json: it does not exist/);
    await refused({ textEncoder: join(folder, 'nothing') }, /text encoder .*nothing does not exist/);
  });

  it('to replace pictures or tensors, unless it is forced', async () => {
    const out = join(folder, 'kept');
    const [first] = (await run({ out })).images;
    const before = await readFile(first!);
    await refused(
      { out, force: false, seed: 2 },
      `${first} exists already; name another folder or file, or replace it with --force.`,
    );
    const tensors = join(folder, 'kept.safetensors');
    await writeFile(tensors, '');
    await refused(
      { out: join(folder, 'new'), saveTensors: tensors, force: false },
      `${tensors} exists already; name another folder or file, or replace it with --force.`,
    );
    expect(await readFile(first!)).toEqual(before);
    await run({ out, seed: 2 });
    expect(await readFile(first!)).not.toEqual(before);
  });

  it('exits with 2 and one line', () => {
    const usage = (...args: string[]) =>
      spawnSync(process.execPath, ['cli/textcraftor.mjs', 'generate', ...args], { cwd: root, encoding: 'utf8' });
    const missing = usage('--model', join(folder, 'nothing'), '--prompt', 'a', '--out', folder);
    expect(missing).toMatchObject({ status: 2, stderr: expect.stringMatching(/^textcraftor: .*nothing.*\n$/) });
    const steps = usage('--model', model, '--prompt', 'a', '--out', folder, '--steps', 'many');
    expect(steps).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/--steps.*a whole number from 1 to 1000000/),
    });
  });
});

describe('a mix of encoders', () => {
  const values = async (options: Partial<GenerateOptions>) => [...(await latents(options)).dataSync()];
  const own = join(model, 'text_encoder');

  it('of one is its blend, bit for bit', async () => {
    const mixed = await values({ mix: [{ encoder: textEncoder, weight: 0.3 }], lastSteps: 1 });
    expect(mixed).toEqual(await values({ textEncoder, blend: 0.3, lastSteps: 1 }));
  });

  it('gives each encoder its weight, and the model its rest', async () => {
    const half = await values({ textEncoder, blend: 0.5 });
    const twice = await values({
      mix: [
        { encoder: textEncoder, weight: 0.2 },
        { encoder: own, weight: 0.1 },
        { encoder: textEncoder, weight: 0.3 },
      ],
    });
    const apart = half.map((value, i) => Math.abs(value - twice[i]!));
    expect(Math.max(...apart)).toBeLessThan(1e-4);
    const full = await values({ textEncoder });
    expect(Math.max(...half.map((value, i) => Math.abs(value - full[i]!)))).toBeGreaterThan(0.01);
  });

  it.each([{ textEncoder }, { lora: goldenPath('lora/diffusers.safetensors') }, { textEncoder, blend: 0.5 }])(
    'is refused beside %o',
    async (options) => {
      await expect(run({ mix: [{ encoder: own, weight: 1 }], ...options })).rejects.toThrow('--mix names all tuned');
    },
  );
});
