import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tf } from '../../engine/tensorflow.ts';
import { readSafetensors, type SafetensorsFile } from '../../engine/weights/safetensors.ts';
import { loadPipeline, loadTextEncoder, type LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import { blend } from '../../models/diffusion.ts';
import { PipelineProgram } from '../../models/pipeline-program.ts';
import { type GoldenPipeline, expectAgreement, goldenPath, readGoldenJson, tensorOf } from './golden.ts';

describe("the golden pipeline makes the latents of diffusers' StableDiffusionPipeline", () => {
  let pipeline: LoadedPipeline;
  let golden: SafetensorsFile;
  let settings: GoldenPipeline;
  let guided: PipelineProgram;
  beforeAll(async () => {
    pipeline = await loadPipeline(goldenPath('pipeline'));
    golden = await readSafetensors(goldenPath('pipeline/golden.safetensors'));
    settings = await readGoldenJson('pipeline/golden.json');
    guided = new PipelineProgram(pipeline, { batch: 2, height: 8, width: 8, guidance: settings.guidance });
  });
  afterAll(() => guided.dispose());

  const original = (model: PipelineProgram, negative = '') =>
    model.encode(settings.prompts, negative, pipeline.weights.textEncoder, 'the pipeline');

  it('with guidance, and its pictures', () => {
    const conditioning = original(guided);
    const latents = guided.denoise(tensorOf(golden, 'latents'), settings.steps, () => conditioning);
    expectAgreement(latents, golden, 'out.plain', 1e-4);
    expectAgreement(guided.decode(latents), golden, 'out.images', 1e-3);
  });

  it('with a negative prompt', () => {
    const conditioning = original(guided, settings.negative);
    const latents = guided.denoise(tensorOf(golden, 'latents'), settings.steps, () => conditioning);
    expectAgreement(latents, golden, 'out.negative', 1e-4);
  });

  it('without guidance', () => {
    const model = new PipelineProgram(pipeline, { batch: 2, height: 8, width: 8, guidance: 1 });
    const conditioning = original(model);
    const latents = model.denoise(tensorOf(golden, 'latents'), settings.steps, () => conditioning);
    expectAgreement(latents, golden, 'out.unguided', 1e-4);
    model.dispose();
  });

  it.each([
    ['pndm', {}, 'pndm'],
    ['dpm-solver++', {}, 'dpm-solver++'],
    ['euler', {}, 'euler'],
    ['dpm-solver++', { use_karras_sigmas: true, solver_order: 3 }, 'dpm-solver++ karras'],
    ['euler', { timestep_spacing: 'trailing' }, 'euler trailing'],
  ] as const)('with its scheduler for %s, and %o in its file', async (scheduler, keys, name) => {
    const scheduled = await readSafetensors(goldenPath('pipeline/scheduled.safetensors'));
    const { json, source } = pipeline.config.scheduler;
    const config = { ...pipeline.config, scheduler: { source, json: { ...json, ...keys } } };
    const model = new PipelineProgram(
      { ...pipeline, config },
      { batch: 2, height: 8, width: 8, guidance: settings.guidance },
    );
    const conditioning = original(model);
    const latents = model.denoise(tensorOf(golden, 'latents'), settings.steps, () => conditioning, { scheduler });
    expectAgreement(latents, scheduled, name, 1e-4);
    model.dispose();
  });

  it('with a blend of two encoders in the last steps', async () => {
    const tuned = await loadTextEncoder(goldenPath('pipeline/tuned.safetensors'));
    const base = original(guided);
    const mixed = blend(guided.encode(settings.prompts, '', tuned, 'the tuned encoder'), base, settings.blend);
    const early = settings.steps - settings.blendSteps;
    const latents = guided.denoise(tensorOf(golden, 'latents'), settings.steps, (step) =>
      step < early ? base : mixed,
    );
    expectAgreement(latents, golden, 'out.blended', 1e-4);
  });
});

describe('a value that is not finite is an error, not a picture:', () => {
  const scaled = async (part: 'unet' | 'vae', name: string, value: number) => {
    const pipeline = await loadPipeline(goldenPath('pipeline'));
    const { shape, data } = pipeline.weights[part].get(name)!;
    const weights = new Map([...pipeline.weights[part], [name, { shape, data: data.map(() => value) }] as const]);
    return { ...pipeline, weights: { ...pipeline.weights, [part]: weights } };
  };
  const make = async (pipeline: LoadedPipeline) => {
    const model = new PipelineProgram(pipeline, { batch: 1, height: 8, width: 8, guidance: 2 });
    try {
      const conditioning = model.encode(['a red cat'], '', pipeline.weights.textEncoder, 'the pipeline');
      model.decode(model.denoise(tf.ones([1, 8, 8, 4]), 2, () => conditioning));
    } finally {
      model.dispose();
    }
  };

  it('latents of a UNet whose output overflows', async () => {
    await expect(make(await scaled('unet', 'conv_out.bias', 3e38))).rejects.toThrow(/The latents of .* not finite/);
  });

  it('pictures of a VAE whose values overflow', async () => {
    const vae = await scaled('vae', 'decoder.conv_in.bias', 3e38);
    await expect(make(vae)).rejects.toThrow(/The pictures of .*pipeline are not finite numbers/);
  });
});
