import { join } from 'node:path';
import { CancelledError, InputError } from '../../common/errors.ts';
import { writeFileAtomic } from '../../common/files.ts';
import { readSplit } from '../../datasets/shards/shards.ts';
import { writeSafetensors } from '../../engine/weights/safetensors.ts';
import { startNoise } from '../../models/sampling/noise.ts';
import { loadPipeline } from '../../models/folder/pipeline-folder.ts';
import type { SamplerSettings } from '../../models/sampling/sampler-settings.ts';
import type { StageBody } from '../../pipeline/stage.ts';
import { onnxRuntime, tensorflowRuntime } from '../rollout/rollout-runtime.ts';
import type { RolloutIndex } from '../rollout/rollout-samples.ts';

export interface RolloutSettings {
  model: string;
  sampler: SamplerSettings;
  /** Training prompts to start from. */
  prompts: number;
  samplesPerPrompt: number;
  batch: number;
  /** tensorflow (default), on a CPU or GPU; or onnx, ONNX Runtime on the CPU. */
  runtime?: 'tensorflow' | 'onnx' | undefined;
  /** Threads of ONNX Runtime; 0 (default) for one per core. */
  threads?: number;
}

/**
 * Computes the rollout: the first T - K of T denoising steps for the training prompts (the last K carry gradient). They
 * see only the original encoder, so they are computed once, and every tuning run on these prompts starts from their
 * latents.
 */
export const run: StageBody<RolloutSettings, 'shard'> = async (context) => {
  const { config, seed, inputs, output, scratch, progress, signal } = context;
  const { sampler, batch } = config;
  const pipeline = await loadPipeline(config.model);
  const { sample_size: side, in_channels: channels } = pipeline.config.unet;
  const prompts = await readSplit(inputs.shard, 'train', config.prompts);
  if (prompts.length === 0)
    throw new InputError('There are no training prompts left to tune on; loosen the filter or the split.');
  const samples = Array.from({ length: prompts.length * config.samplesPerPrompt }, (_, i) => ({
    ...pick(prompts[i % prompts.length]!),
    sample: Math.floor(i / prompts.length),
  }));
  const runtime =
    config.runtime === 'onnx'
      ? await onnxRuntime(pipeline, sampler, batch, scratch, config.threads ?? 0)
      : tensorflowRuntime(pipeline, sampler, batch);
  const index: RolloutIndex = { shape: [side, side, channels], samples, files: [] };
  const size = side * side * channels;
  for (let start = 0; start < samples.length; start += batch) {
    if (signal.aborted) throw new CancelledError('The rollout was cancelled.');
    // Shapes are fixed, so an incomplete batch is padded with its first sample.
    const rows = Array.from({ length: batch }, (_, i) => samples[start + i] ?? samples[start]!);
    const noise = new Float32Array(batch * size);
    rows.forEach(({ id, sample }, i) => noise.set(startNoise(seed, id, sample, index.shape), i * size));
    const z = await runtime.denoise(
      rows.map(({ prompt }) => prompt),
      noise,
    );
    const count = Math.min(batch, samples.length - start);
    const data = z.slice(0, count * size);
    const file = `latents-${String(index.files.length).padStart(5, '0')}.safetensors`;
    await writeSafetensors(join(output, file), { latents: { dtype: 'F32', shape: [count, ...index.shape], data } });
    index.files.push({ file, samples: count });
    progress({ step: start + count, total: samples.length, message: 'samples' });
  }
  await runtime.dispose();
  await writeFileAtomic(join(output, 'samples.json'), JSON.stringify(index));
};

const pick = ({ id, prompt }: { id: string; prompt: string }) => ({ id, prompt });
