import { CLIP_MEAN, CLIP_STD, type Preprocessing } from '../../../rewards/preprocess.ts';
import type { FilmCnnConfig } from '../../../rewards/files/film-cnn-files.ts';

/**
 * Configurations of a world's models, in diffusers' and transformers' formats, at a thousandth of Stable Diffusion's size.
 */

/** Width of text embeddings. */
const WIDTH = 64;

/** @param side of a picture, in pixels */
export const smallVae = (side: number, widths: number[], latentChannels: number) => ({
  _class_name: 'AutoencoderKL',
  in_channels: 3,
  out_channels: 3,
  down_block_types: widths.map(() => 'DownEncoderBlock2D'),
  up_block_types: widths.map(() => 'UpDecoderBlock2D'),
  block_out_channels: widths,
  layers_per_block: 1,
  act_fn: 'silu',
  latent_channels: latentChannels,
  norm_num_groups: 4,
  sample_size: side,
  scaling_factor: 1,
});

/** A UNet for latents of 8 x 8. */
export const smallUnet = (widths: number[], latentChannels: number) => ({
  _class_name: 'UNet2DConditionModel',
  sample_size: 8,
  in_channels: latentChannels,
  out_channels: latentChannels,
  down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D'],
  up_block_types: ['CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
  block_out_channels: widths,
  layers_per_block: 1,
  cross_attention_dim: WIDTH,
  attention_head_dim: 4,
  norm_num_groups: 8,
  norm_eps: 1e-5,
  act_fn: 'silu',
  flip_sin_to_cos: true,
  freq_shift: 0,
});

/** Stable Diffusion's noise schedule, for DDIM. */
export const stableDiffusionSchedule = {
  _class_name: 'DDIMScheduler',
  num_train_timesteps: 1000,
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  beta_end: 0.012,
  clip_sample: false,
  set_alpha_to_one: false,
  steps_offset: 1,
  prediction_type: 'epsilon',
  timestep_spacing: 'leading',
};

export interface Vocabulary {
  readonly size: number;
  readonly begin: number;
  readonly end: number;
}

/** @param picture side and patch, in pixels */
export const smallClip = (
  { size, begin, end }: Vocabulary,
  contextLength: number,
  picture: { side: number; patch: number },
) => ({
  architectures: ['CLIPModel'],
  model_type: 'clip',
  projection_dim: WIDTH,
  logit_scale_init_value: 2.6592,
  text_config: {
    model_type: 'clip_text_model',
    vocab_size: size,
    hidden_size: WIDTH,
    intermediate_size: 4 * WIDTH,
    num_hidden_layers: 3,
    num_attention_heads: 4,
    max_position_embeddings: contextLength,
    hidden_act: 'quick_gelu',
    layer_norm_eps: 1e-5,
    projection_dim: WIDTH,
    bos_token_id: begin,
    eos_token_id: end,
    pad_token_id: end,
  },
  vision_config: {
    model_type: 'clip_vision_model',
    hidden_size: WIDTH,
    intermediate_size: 4 * WIDTH,
    num_hidden_layers: 3,
    num_attention_heads: 4,
    image_size: picture.side,
    patch_size: picture.patch,
    num_channels: 3,
    hidden_act: 'quick_gelu',
    layer_norm_eps: 1e-5,
    projection_dim: WIDTH,
  },
});

/** Preprocessing of pictures for a world's CLIP models: none but the usual normalization. */
export const smallPreprocessing = (side: number): Preprocessing => ({
  size: side,
  fit: 'crop',
  mean: CLIP_MEAN,
  std: CLIP_STD,
});

export const smallFilmCnn = (
  { size, end }: Vocabulary,
  contextLength: number,
  { side, channels }: { side: number; channels: number[] },
): FilmCnnConfig => ({
  image_size: side,
  channels,
  norm_groups: 8,
  hidden_size: 96,
  vocab_size: size,
  text_size: 64,
  max_tokens: contextLength,
  pad_token_id: end,
});
