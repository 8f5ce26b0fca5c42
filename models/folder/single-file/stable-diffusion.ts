import { clipTextSchema } from '../../clip/clip-config.ts';
import type { PipelineParts } from '../pipeline-folder.ts';
import { schedulerFile } from '../../sampling/scheduler-config.ts';
import { unetSchema } from '../../unet/unet-config.ts';
import { vaeSchema } from '../../vae/vae-config.ts';

export type Prediction = 'epsilon' | 'v_prediction';

/** Returns the configuration of Stable Diffusion 1.1 to 1.5, which a checkpoint does not hold. */
export const stableDiffusion1 = (): PipelineParts['config'] => ({
  textEncoder: clipTextSchema.parse({
    ...text,
    hidden_size: 768,
    intermediate_size: 3072,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    hidden_act: 'quick_gelu',
  }),
  unet: unetSchema.parse({ ...unet, sample_size: 64, cross_attention_dim: 768, attention_head_dim: 8 }),
  vae: vaeSchema.parse({ ...vae, sample_size: 512 }),
  scheduler: scheduler('epsilon'),
});

/**
 * Returns the configuration of Stable Diffusion 2.0 or 2.1, which a checkpoint does not hold. The embeddings are those
 * of the last but one of OpenCLIP's 24 layers, as in diffusers.
 * @param prediction v_prediction for the model of 768 pixels, epsilon for the base of 512
 */
export const stableDiffusion2 = (prediction: Prediction): PipelineParts['config'] => {
  const side = prediction === 'v_prediction' ? 768 : 512;
  return {
    textEncoder: clipTextSchema.parse({
      ...text,
      hidden_size: 1024,
      intermediate_size: 4096,
      num_hidden_layers: 23,
      num_attention_heads: 16,
      hidden_act: 'gelu',
    }),
    unet: unetSchema.parse({
      ...unet,
      sample_size: side / 8,
      cross_attention_dim: 1024,
      attention_head_dim: [5, 10, 20, 20],
      use_linear_projection: true,
    }),
    vae: vaeSchema.parse({ ...vae, sample_size: side }),
    scheduler: scheduler(prediction),
  };
};

const text = {
  architectures: ['CLIPTextModel'],
  model_type: 'clip_text_model',
  vocab_size: 49408,
  max_position_embeddings: 77,
  layer_norm_eps: 1e-5,
  bos_token_id: 0,
  eos_token_id: 2,
  pad_token_id: 1,
};
const unet = {
  block_out_channels: [320, 640, 1280, 1280],
  layers_per_block: 2,
  down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
  up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
};
const vae = {
  block_out_channels: [128, 256, 512, 512],
  layers_per_block: 2,
  down_block_types: Array(4).fill('DownEncoderBlock2D'),
  up_block_types: Array(4).fill('UpDecoderBlock2D'),
  scaling_factor: 0.18215,
};
const scheduler = (prediction_type: Prediction) =>
  schedulerFile(
    {
      _class_name: 'DDIMScheduler',
      beta_schedule: 'scaled_linear',
      beta_start: 0.00085,
      beta_end: 0.012,
      num_train_timesteps: 1000,
      prediction_type,
      steps_offset: 1,
      set_alpha_to_one: false,
      clip_sample: false,
      timestep_spacing: 'leading',
    },
    "Stable Diffusion's scheduler",
  );
