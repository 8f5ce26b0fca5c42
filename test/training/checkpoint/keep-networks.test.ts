import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSafetensors } from '../../../engine/weights/safetensors.ts';
import { readJson, writeConfig } from '../../../models/folder/network-config.ts';
import { loadPipeline, type LoadedPipeline } from '../../../models/folder/pipeline-folder.ts';
import { keepNetworks } from '../../../training/checkpoint/keep-networks.ts';
import { TEXT_ENCODER, UNET, type TrainableNetwork } from '../../../training/generator/text-to-image.ts';
import { smallPipeline, tuned } from '../../evaluation/small-pipeline.ts';

let folder: string;
let pipeline: LoadedPipeline;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'textcraftor-kept-'));
  pipeline = await smallPipeline(join(folder, 'model'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The state of a trainer after training. */
const trainer = {
  tuned: (network: TrainableNetwork | string) => ({
    weights: tuned(network === TEXT_ENCODER ? pipeline.weights.textEncoder : pipeline.weights.unet, 0.1),
  }),
};

it.each(['step-000004', 'final'])(
  '%s is a folder for each network that takes its place in a pipeline',
  async (name) => {
    const root = join(folder, `kept-${name}`);
    await keepNetworks(trainer, pipeline, [TEXT_ENCODER, UNET])(root, name);
    const whole = join(folder, `whole-${name}`);
    await cp(join(folder, 'model'), whole, { recursive: true });
    for (const [kept, part] of [
      ['encoder', 'text_encoder'],
      ['unet', 'unet'],
    ] as const) {
      await rm(join(whole, part), { recursive: true });
      await cp(join(root, kept, name), join(whole, part), { recursive: true });
      expect(await readdir(join(whole, part))).toContain('config.json');
    }
    // transformers refuses a file that does not name its format, and leaves a tensor of another name aside.
    const encoder = await readSafetensors(join(root, 'encoder', name, 'model.safetensors'));
    expect(encoder.metadata).toEqual({ format: 'pt' });
    expect(encoder.names.filter((tensor) => !tensor.startsWith('text_model.'))).toEqual([]);
    const loaded = await loadPipeline(whole);
    const source = join(whole, 'scheduler', 'scheduler_config.json');
    expect(loaded.config).toEqual({ ...pipeline.config, scheduler: { ...pipeline.config.scheduler, source } });
    expect(loaded.weights.textEncoder).toEqual(trainer.tuned(TEXT_ENCODER).weights);
    expect(loaded.weights.unet).toEqual(trainer.tuned(UNET).weights);
  },
);

it("names the type and class of the written network, whatever the model's own configuration says", async () => {
  const path = join(folder, 'model', 'text_encoder', 'config.json');
  const { architectures: _, dtype: __, ...text } = await readJson(path);
  const clip = { architectures: ['CLIPModel'], model_type: 'clip', torch_dtype: 'float16' };
  await writeConfig(path, { ...clip, text_config: { ...text, torch_dtype: 'float16', architectures: ['CLIPModel'] } });
  await keepNetworks(trainer, await loadPipeline(join(folder, 'model')), [TEXT_ENCODER])(join(folder, 'clip'), 'final');
  const written = await readJson(join(folder, 'clip', 'encoder', 'final', 'config.json'));
  expect(written).toMatchObject({ architectures: ['CLIPTextModel'], model_type: 'clip_text_model', dtype: 'float32' });
  expect(written).not.toHaveProperty('torch_dtype');
  expect(written).toMatchObject({ hidden_size: 8, vocab_size: 682 });
});
