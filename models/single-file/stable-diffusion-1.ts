import { clipTextSchema } from '../clip/config.ts';
import type { PipelineParts } from '../pipeline.ts';
import { schedulerSchema } from '../scheduler/ddim.ts';
import { unetSchema } from '../unet/config.ts';
import { vaeSchema } from '../vae/config.ts';

/** The configuration of Stable Diffusion 1.1 to 1.5, which a single-file checkpoint does not hold. */
export const stableDiffusion1 = (): PipelineParts['config'] => ({
  textEncoder: clipTextSchema.parse({
    architectures: ['CLIPTextModel'],
    model_type: 'clip_text_model',
    vocab_size: 49408,
    hidden_size: 768,
    intermediate_size: 3072,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    max_position_embeddings: 77,
    hidden_act: 'quick_gelu',
    layer_norm_eps: 1e-5,
    bos_token_id: 0,
    eos_token_id: 2,
    pad_token_id: 1,
  }),
  unet: unetSchema.parse({
    sample_size: 64,
    block_out_channels: [320, 640, 1280, 1280],
    layers_per_block: 2,
    down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
    up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
    cross_attention_dim: 768,
    attention_head_dim: 8,
  }),
  vae: vaeSchema.parse({
    block_out_channels: [128, 256, 512, 512],
    layers_per_block: 2,
    down_block_types: Array(4).fill('DownEncoderBlock2D'),
    up_block_types: Array(4).fill('UpDecoderBlock2D'),
    sample_size: 512,
    scaling_factor: 0.18215,
  }),
  scheduler: schedulerSchema.parse({
    _class_name: 'DDIMScheduler',
    beta_schedule: 'scaled_linear',
    beta_start: 0.00085,
    beta_end: 0.012,
    num_train_timesteps: 1000,
    prediction_type: 'epsilon',
    steps_offset: 1,
    set_alpha_to_one: false,
    clip_sample: false,
    timestep_spacing: 'leading',
  }),
});
