import { spawnSync } from 'node:child_process';
import { cp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { step, type StepOptions } from '../../api/tuning-step.ts';
import { InputError, RunError } from '../../common/errors.ts';
import { readSafetensors, writeSafetensors, type SafetensorsFile } from '../../engine/weights/safetensors.ts';
import { readWeights, writeWeights, type Weights } from '../../engine/weights/weights.ts';
import { goldenPath, readGoldenJson } from '../models/golden.ts';
import { temporaryFolder } from '../setup/temporary-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const settings = await readGoldenJson<{ steps: number; gradSteps: number; guidance: number }>('step/golden.json');
const golden = await readSafetensors(goldenPath('step/golden.safetensors'));
const goldenUnet = await readSafetensors(goldenPath('step/golden-unet.safetensors'));
const goldenFrozen = await readSafetensors(goldenPath('step/golden-frozen.safetensors'));
const paths = {
  model: goldenPath('step/model'),
  rewards: goldenPath('step/rewards.yaml'),
  prompts: goldenPath('step/prompts.txt'),
  latents: goldenPath('step/latents.safetensors'),
};

const hub = { cache: '/nowhere' };

const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
const gradientNames = golden.names.filter((name) => name.startsWith('grad.'));
const largest = Math.max(...gradientNames.map((name) => norm(golden.float32(name))));

/** The file agrees with torch's. @param ourName maps a name to ours, if it differs */
function expectAgreement(ours: SafetensorsFile, ourName = (name: string) => name, torch = golden): void {
  for (const name of torch.names) {
    const expected = torch.float32(name);
    expect(ours.info(ourName(name)), name).toEqual(torch.info(name));
    const difference = norm(ours.float32(ourName(name)).map((x, i) => x - expected[i]!));
    // A key's bias has a gradient of zero but for rounding.
    const scale = name.endsWith('k_proj.bias') ? largest : norm(expected);
    expect(difference / scale, name).toBeLessThan(name.startsWith('grad.') ? 1e-3 : 1e-4);
  }
}

describe("a step's loss, rewards and gradients", () => {
  it("are torch's, under the names of the encoder's file", async () => {
    const tensors = join(await temporaryFolder(), 'step.safetensors');
    const { steps, gradSteps, guidance } = settings;
    const args = ['--steps', String(steps), '--grad-steps', String(gradSteps), '--guidance', String(guidance)];
    args.push(...Object.entries(paths).flatMap(([option, path]) => [`--${option}`, path]), '--save-tensors', tensors);
    const command = spawnSync(process.execPath, ['cli/textcraftor.mjs', 'step', ...args], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(command.status, command.stderr).toBe(0);
    expect(command.stdout).toMatch(
      /^loss \S+\nreward.clip \S+\nreward.aesthetic \S+\ngradient norm \S+\npeak memory \d+ MB\n.*step.safetensors\n$/,
    );
    const ours = await readSafetensors(tensors);
    expect(ours.names).toEqual(golden.names);
    expectAgreement(ours);
  });

  it('are the same for an encoder with a leading text_model., and zeros for what the loss does not depend on', async () => {
    const folder = await temporaryFolder();
    const model = join(folder, 'model');
    await cp(paths.model, model, { recursive: true });
    const prefixed = new Map([...(await encoder())].map(([name, tensor]) => [`text_model.${name}`, tensor]));
    const unused = 'text_model.encoder.layers.2.mlp.fc1.bias'; // the configuration has two layers
    prefixed.set(unused, { shape: [36], data: new Float32Array(36).fill(1) });
    await writeWeights(join(model, 'text_encoder/model.safetensors'), prefixed);
    const saveTensors = join(folder, 'step.safetensors');
    const { rewards, loss, peakBytes } = await step({ hub, ...paths, ...settings, model, saveTensors });

    const ours = await readSafetensors(saveTensors);
    expect(ours.names).toHaveLength(golden.names.length + 1);
    expectAgreement(ours, (name) => name.replace(/^grad\./, 'grad.text_model.'));
    expect(ours.info(`grad.${unused}`)).toEqual({ dtype: 'F32', shape: [36] });
    expect(norm(ours.float32(`grad.${unused}`))).toBe(0);
    expect(rewards).toEqual({
      clip: Array.from(ours.float32('reward.clip')),
      aesthetic: Array.from(ours.float32('reward.aesthetic')),
    });
    expect([loss]).toEqual(Array.from(ours.float32('loss')));
    expect(peakBytes).toBeGreaterThan(2 ** 26);
  });
});

describe('the gradients of the UNet', () => {
  it("are torch's", async () => {
    const saveTensors = join(await temporaryFolder(), 'step.safetensors');
    const { gradientNorm } = await step({ hub, ...paths, ...settings, train: 'unet', saveTensors });
    const ours = await readSafetensors(saveTensors);
    expect(ours.names).toEqual(goldenUnet.names);
    expectAgreement(ours, undefined, goldenUnet);
    const squares = goldenUnet.names.map((name) =>
      name.startsWith('grad.') ? norm(goldenUnet.float32(name)) ** 2 : 0,
    );
    expect(gradientNorm / Math.sqrt(squares.reduce((a, b) => a + b))).toBeCloseTo(1, 3);
  });

  it("are written beside those of the encoder when both are trained, under the network's name", async () => {
    const saveTensors = join(await temporaryFolder(), 'step.safetensors');
    await step({ hub, ...paths, ...settings, train: 'joint', saveTensors });
    const ours = await readSafetensors(saveTensors);
    expect(ours.names.filter((name) => name.startsWith('grad.text_encoder.'))).toHaveLength(gradientNames.length);
    expectAgreement(ours, (name) => name.replace(/^grad\./, 'grad.text_encoder.'));
    expectAgreement(ours, (name) => name.replace(/^grad\./, 'grad.unet.'), goldenUnet);
  });

  it('are of steps that see the tuned encoder, after a start that saw the original one', async () => {
    const saveTensors = join(await temporaryFolder(), 'step.safetensors');
    const textEncoder = goldenPath('step/tuned.safetensors');
    await step({ hub, ...paths, ...settings, train: 'unet', textEncoder, saveTensors });
    expectAgreement(await readSafetensors(saveTensors), undefined, goldenFrozen);
  });
});

const encoder = (): Promise<Weights> => readWeights(join(paths.model, 'text_encoder/model.safetensors'));

describe('bad input is one sentence, and nothing is written', () => {
  async function refused(
    options: Partial<StepOptions>,
    message: RegExp,
    type: typeof InputError | typeof RunError = InputError,
  ) {
    const out = await temporaryFolder();
    const error: unknown = await step({
      hub,
      ...paths,
      ...settings,
      saveTensors: join(out, 'step.safetensors'),
      ...options,
    }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(type);
    expect((error as Error).message).toMatch(message);
    expect(await readdir(out)).toEqual([]);
  }
  const file = async (name: string, content: string) => {
    const path = join(await temporaryFolder(), name);
    await writeFile(path, content);
    return path;
  };
  const rewardsFile = (...lines: string[]) =>
    file('rewards.yaml', ['rewards:', ...lines.map((line) => `  - ${line}`)].join('\n'));
  const clip = `{ name: clip, type: clip-similarity, model: ${goldenPath('step/clip')}, weight: 1 }`;

  it('start noise that does not fit the prompts or the UNet: with both shapes', async () => {
    const prompts = await file('three.txt', 'a\nb\nc\n');
    await refused(
      { prompts },
      /latents in .*latents.safetensors has shape \[2, 4, 6, 6\]; expected \[3, 4, h, w\]: one for each prompt/,
    );
    const latents = join(await temporaryFolder(), 'latents.safetensors');
    await writeSafetensors(latents, { latents: { dtype: 'F32', shape: [2, 3, 6, 6], data: new Float32Array(216) } });
    await refused({ latents }, /has shape \[2, 3, 6, 6\]; expected \[2, 4, h, w\]/);
    await refused({ latents: goldenPath('step/head.safetensors') }, /head.safetensors has no tensor latents/);
  });

  it('prompts that are not there', async () => {
    await refused({ prompts: await file('none.txt', '') }, /none.txt: the file is empty/);
    await refused({ prompts: 'nowhere.txt' }, /nowhere.txt: no such file/);
  });

  it('impossible numbers of steps', async () => {
    await refused({ steps: 2, gradSteps: 3 }, /--grad-steps is 3; expected at most --steps, 2/);
    await refused({ steps: 1001 }, /1001 sampling steps are not possible; this noise schedule has 1000/);
  });

  it('a rewards file with something wrong in it', async () => {
    await refused({ rewards: await file('rewards.yaml', 'weights: 1') }, /rewards.yaml: "rewards" is missing/);
    await refused(
      { rewards: await rewardsFile(clip.replace('weight', 'wieght')) },
      /"rewards.0.wieght"; did you mean "rewards.0.weight"/,
    );
    await refused({ rewards: await rewardsFile(clip, clip) }, /Two rewards are named "clip"/);
    await refused(
      { rewards: await rewardsFile(clip.replace('clip-similarity', 'fame')) },
      /"rewards.0.type" is wrong: expected one of "clip-similarity"/,
    );
    await refused(
      { rewards: await rewardsFile(clip.replace('step/clip', 'step/cloud')) },
      /cloud: it does not exist; expected a CLIP model's folder or weight file/,
    );
  });

  it('a network without one of its tensors: named, with its folder', async () => {
    const model = join(await temporaryFolder(), 'model');
    await cp(paths.model, model, { recursive: true });
    const unet = join(model, 'unet/diffusion_pytorch_model.safetensors');
    const weights = await readWeights(unet);
    weights.delete('conv_out.bias');
    await writeWeights(unet, weights);
    await refused({ model }, /conv_out.bias is missing from .*model\/unet; expected \[4\], as in its configuration/);
  });

  it('a reward that is not finite: named, with the prompt', async () => {
    const head = join(await temporaryFolder(), 'head.safetensors');
    await writeSafetensors(head, {
      weight: { dtype: 'F32', shape: [1, 10], data: new Float32Array(10).fill(-3.4e38) },
      bias: { dtype: 'F32', shape: [1], data: Float32Array.of(3.4e38) },
    });
    const rewards = await rewardsFile(
      `{ name: beauty, type: aesthetic, model: ${goldenPath('step/clip')}, head: ${head}, weight: 1 }`,
    );
    await refused({ rewards }, /"beauty" is -?(NaN|Infinity) for the prompt "a red cat"/, RunError);
  });

  it('exits with 2 and one line for a part that cannot be trained', () => {
    const args = ['cli/textcraftor.mjs', 'step', '--train', 'vae'];
    const command = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    expect(command).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^textcraftor: .*Allowed choices are encoder, unet, joint.*\n$/),
    });
  });
});
