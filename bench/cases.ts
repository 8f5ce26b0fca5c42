/** Benchmark cases: the specifications of the training steps and of the forward passes. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { product } from '../common/product.ts';
import { RandomStream } from '../common/random.ts';
import { writeSafetensors, type TensorData } from '../engine/weights/safetensors.ts';
import { saveOnnxPipeline } from '../models/onnx-networks.ts';
import { loadPipeline } from '../models/folder/pipeline-folder.ts';
import { root } from './set-up.ts';
import type { ForwardSpecification, StepSpecification } from './specification.ts';

const common = { saveTensors: null, checkpointing: false, channelsLast: false, lanes: 1 };

async function latents(file: string, shape: number[]): Promise<string> {
  const data = new RandomStream(1, basename(file)).normal(product(shape));
  await writeSafetensors(file, { latents: { dtype: 'F32', shape, data } });
  return file;
}

/**
 * Specifies the tuning step of Stable Diffusion 1.5 at its size: 512 pixels, T = 2 sampling steps of which the last K =
 * 1 is tuned, batch 1, guidance 7.5.
 */
export async function encoderStep(models: string, folder: string, threads: number): Promise<StepSpecification> {
  const clip = join(models, 'clip');
  return {
    ...common,
    model: join(models, 'model'),
    rewards: [
      { name: 'clip', type: 'clip-similarity', model: clip, weight: 100 },
      { name: 'aesthetic', type: 'aesthetic', model: clip, head: join(models, 'head.safetensors'), weight: 1 },
    ],
    prompts: ['a small red circle on a white background'],
    latents: await latents(join(folder, 'encoder-step.safetensors'), [1, 4, 64, 64]),
    steps: 2,
    gradSteps: 1,
    guidance: 7.5,
    fromRollout: false,
    learningRate: 1e-6,
    threads,
    repeats: 1,
  };
}

/**
 * Specifies the training step of configs/tiny.yaml: batch 16, T = 8, K = 7 from a rollout (a recorded sampling run),
 * two lanes.
 */
export async function worldStep(folder: string, threads: number): Promise<StepSpecification> {
  const world = (...path: string[]) => join(root, 'world', 'shapes', ...path);
  const prompts = ['circle', 'square', 'triangle', 'star'].flatMap((shape) =>
    ['red', 'green', 'blue', 'yellow'].map((color) => `a small ${color} ${shape} on a white background`),
  );
  return {
    ...common,
    model: world('base'),
    rewards: [
      { name: 'clip', type: 'clip-similarity', model: world('clip'), weight: 100 },
      {
        name: 'aesthetic',
        type: 'aesthetic',
        model: world('aesthetic'),
        head: world('aesthetic', 'head.safetensors'),
        weight: 0.3,
      },
      { name: 'preference', type: 'pickscore', model: world('preference'), weight: 2 },
    ],
    prompts,
    latents: await latents(join(folder, 'world-step.safetensors'), [prompts.length, 8, 8, 8]),
    steps: 8,
    gradSteps: 7,
    guidance: 3,
    fromRollout: true,
    learningRate: 1e-4,
    threads,
    lanes: 2,
    repeats: 8,
  };
}

/**
 * Specifies the full-size networks alone: a prompt and the empty one, both guidance branches, one picture of 512
 * pixels.
 */
export async function forwardPasses(models: string, folder: string, threads: number): Promise<ForwardSpecification[]> {
  const model = join(models, 'model');
  const exported = join(models, 'onnx');
  if (!existsSync(join(exported, 'model_index.json'))) await saveOnnxPipeline(exported, await loadPipeline(model));
  const normal = (shape: number[]) => ({
    dtype: 'F32' as const,
    shape,
    data: new RandomStream(2, String(shape)).normal(product(shape)),
  });
  const tokens = Float32Array.from({ length: 2 * 77 }, (_, i) => (i % 77 === 0 ? 689 : i % 77 > 12 ? 690 : 100 + i));
  const inputs = {
    text_encoder: { input_ids: { dtype: 'F32' as const, shape: [2, 77], data: tokens } },
    unet: {
      sample: normal([2, 4, 64, 64]),
      timestep: { ...normal([1]), data: Float32Array.of(481) },
      encoder_hidden_states: normal([2, 77, 768]),
    },
    vae_decoder: { latent_sample: normal([1, 4, 64, 64]) },
  };
  const specifications: ForwardSpecification[] = [];
  for (const [network, tensors] of Object.entries(inputs) as [
    ForwardSpecification['network'],
    Record<string, TensorData>,
  ][]) {
    const file = join(folder, `${network}.safetensors`);
    await writeSafetensors(file, tensors);
    const onnx = join(exported, network, 'model.onnx');
    specifications.push({
      network,
      model,
      onnx,
      inputs: file,
      output: join(folder, `${network}-y`),
      threads,
      repeats: network === 'text_encoder' ? 5 : 2,
    });
  }
  return specifications;
}
