/**
 * A pipeline's networks as ONNX models with the inputs and outputs of diffusers' own exports (torch layout), so that
 * its OnnxStableDiffusionPipeline runs them. Latents have the UNet's training size; the batch size is free.
 */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { exportOnnx } from '../engine/onnx/export.ts';
import { writeModel, type OnnxGraph } from '../engine/onnx/onnx-format.ts';
import type { OpenTensorSpec } from '../engine/onnx/recording.ts';
import type { Tensor } from '../engine/tensorflow.ts';
import { clipText } from './clip/clip-text.ts';
import { writeConfig } from './folder/network-config.ts';
import type { LoadedPipeline, PipelineParts } from './folder/pipeline-folder.ts';
import { schedulerClass } from './sampling/scheduler-config.ts';
import { unet2dCondition } from './unet/unet.ts';
import { vaeDecode, vaeEncode, vaeScale } from './vae/vae.ts';

const BATCH = 'batch';
const float = (...shape: (number | string)[]): OpenTensorSpec => ({ shape, dtype: 'float32' });
const channelsLast = (x: Tensor): Tensor => x.transpose([0, 2, 3, 1]);
const channelsFirst = (x: Tensor): Tensor => x.transpose([0, 3, 1, 2]);

export interface OnnxOptions {
  /** Type of the stored weights. */
  dtype?: 'float32' | 'float16';
  /** Origin of the weights, for messages. */
  source: string;
}

/** input_ids int32 [batch, T] -> last_hidden_state [batch, T, D], pooler_output [batch, D] */
export function textEncoderOnnx({ config, weights }: PipelineParts, options: OnnxOptions): OnnxGraph {
  const { textEncoder } = config;
  return exportOnnx({
    ...options,
    name: 'text_encoder',
    inputs: { input_ids: { shape: [BATCH, textEncoder.max_position_embeddings], dtype: 'int32' } },
    weights: weights.textEncoder,
    build: ({ input_ids }, p) => {
      const { hidden, pooled } = clipText(p, textEncoder, input_ids);
      return { last_hidden_state: hidden, pooler_output: pooled };
    },
  });
}

/**
 * sample [batch, C, h, w], timestep [1] or [batch], encoder_hidden_states [batch, T, D] -> out_sample [batch, C, h, w]
 */
export function unetOnnx({ config, weights }: PipelineParts, options: OnnxOptions): OnnxGraph {
  const { unet, textEncoder } = config;
  const { in_channels, sample_size: side } = unet;
  return exportOnnx({
    ...options,
    name: 'unet',
    inputs: {
      sample: float(BATCH, in_channels, side, side),
      timestep: float('timesteps'),
      encoder_hidden_states: float(BATCH, textEncoder.max_position_embeddings, textEncoder.hidden_size),
    },
    weights: weights.unet,
    build: ({ sample, timestep, encoder_hidden_states }, p) => {
      const inputs = { sample: channelsLast(sample), timestep, context: encoder_hidden_states };
      return { out_sample: channelsFirst(unet2dCondition(p, unet, inputs)) };
    },
  });
}

/** latent_sample [batch, C, h, w], divided by the scaling factor -> sample [batch, 3, H, W], about -1 to 1 */
export function vaeDecoderOnnx({ config, weights }: PipelineParts, options: OnnxOptions): OnnxGraph {
  const { vae, unet } = config;
  return exportOnnx({
    ...options,
    name: 'vae_decoder',
    inputs: { latent_sample: float(BATCH, vae.latent_channels, unet.sample_size, unet.sample_size) },
    weights: weights.vae,
    build: ({ latent_sample }, p) => ({ sample: channelsFirst(vaeDecode(p, vae, channelsLast(latent_sample))) }),
  });
}

/**
 * sample [batch, 3, H, W], -1 to 1 -> latent_sample [batch, C, h, w], the mean of the posterior, without random numbers
 */
export function vaeEncoderOnnx({ config, weights }: PipelineParts, options: OnnxOptions): OnnxGraph {
  const { vae, unet } = config;
  const side = unet.sample_size * vaeScale(vae);
  return exportOnnx({
    ...options,
    name: 'vae_encoder',
    inputs: { sample: float(BATCH, vae.in_channels, side, side) },
    weights: weights.vae,
    build: ({ sample }, p) => ({ latent_sample: channelsFirst(vaeEncode(p, vae, channelsLast(sample)).mean) }),
  });
}

/**
 * Writes a folder that diffusers' OnnxStableDiffusionPipeline reads.
 * @param pipeline the tokenizer and the scheduler are copied from its folder
 */
export async function saveOnnxPipeline(
  folder: string,
  pipeline: LoadedPipeline,
  dtype: 'float32' | 'float16' = 'float32',
): Promise<void> {
  const networks = {
    text_encoder: textEncoderOnnx,
    unet: unetOnnx,
    vae_decoder: vaeDecoderOnnx,
    vae_encoder: vaeEncoderOnnx,
  };
  for (const [name, network] of Object.entries(networks))
    await writeModel(
      join(folder, name, 'model.onnx'),
      network(pipeline, { dtype, source: `${pipeline.folder}/${name}` }),
    );
  for (const part of ['tokenizer', 'scheduler'])
    await cp(join(pipeline.folder, part), join(folder, part), { recursive: true, dereference: true });
  // Written last, since a folder without it is not a pipeline.
  await writeConfig(join(folder, 'model_index.json'), {
    _class_name: 'OnnxStableDiffusionPipeline',
    feature_extractor: [null, null],
    requires_safety_checker: false,
    safety_checker: [null, null],
    scheduler: ['diffusers', schedulerClass(pipeline.config.scheduler)],
    text_encoder: ['diffusers', 'OnnxRuntimeModel'],
    tokenizer: ['transformers', 'CLIPTokenizer'],
    unet: ['diffusers', 'OnnxRuntimeModel'],
    vae_decoder: ['diffusers', 'OnnxRuntimeModel'],
    vae_encoder: ['diffusers', 'OnnxRuntimeModel'],
  });
}
