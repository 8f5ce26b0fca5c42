import { product } from '../../common/product.ts';
import type { FilmCnnConfig } from '../../rewards/files/film-cnn-files.ts';
import { CLIP_MEAN, CLIP_STD, type Preprocessing } from '../../rewards/preprocess.ts';

/**
 * Configurations of the embedded world's models and their training, in diffusers' and transformers' formats, at a
 * thousandth of Stable Diffusion's size.
 */
const IMAGE = 32;
const LATENT_CHANNELS = 8;
const WIDTH = 64;
export const CONTEXT_LENGTH = 32;

/** The JSON files of the diffusers folder. */
export const vaeConfig = {
  _class_name: 'AutoencoderKL',
  in_channels: 3,
  out_channels: 3,
  down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D'],
  up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D'],
  block_out_channels: [16, 32, 64],
  layers_per_block: 1,
  act_fn: 'silu',
  latent_channels: LATENT_CHANNELS,
  norm_num_groups: 4,
  sample_size: IMAGE,
  scaling_factor: 1,
};

export const unetConfig = {
  _class_name: 'UNet2DConditionModel',
  sample_size: IMAGE / 4,
  in_channels: LATENT_CHANNELS,
  out_channels: LATENT_CHANNELS,
  down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D'],
  up_block_types: ['CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
  block_out_channels: [48, 96],
  layers_per_block: 1,
  cross_attention_dim: WIDTH,
  attention_head_dim: 4,
  norm_num_groups: 8,
  norm_eps: 1e-5,
  act_fn: 'silu',
  flip_sin_to_cos: true,
  freq_shift: 0,
};

/** A UNet of other widths, trained separately, to try a tuned text encoder on a UNet it was not tuned with. */
export const secondUnetConfig = { ...unetConfig, block_out_channels: [40, 80] };
/** Variants of the second UNet with extra inputs: mask and masked picture's latents, or a control image. */
export const inpaintingUnetConfig = { ...secondUnetConfig, in_channels: 2 * LATENT_CHANNELS + 1 };
export const controlUnetConfig = { ...secondUnetConfig, in_channels: LATENT_CHANNELS + 16 };

export const schedulerConfig = {
  _class_name: 'DDIMScheduler',
  num_train_timesteps: 1000,
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  beta_end: 0.012,
  clip_sample: false,
  set_alpha_to_one: false,
  steps_offset: 1,
  prediction_type: 'epsilon',
  timestep_spacing: 'leading' as const,
};

/** Configuration of transformers' CLIPModel for the world's vocabulary. */
export const clipConfig = (vocabulary: number, begin: number, end: number) => ({
  architectures: ['CLIPModel'],
  model_type: 'clip',
  projection_dim: WIDTH,
  logit_scale_init_value: 2.6592,
  text_config: {
    model_type: 'clip_text_model',
    vocab_size: vocabulary,
    hidden_size: WIDTH,
    intermediate_size: 4 * WIDTH,
    num_hidden_layers: 3,
    num_attention_heads: 4,
    max_position_embeddings: CONTEXT_LENGTH,
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
    image_size: IMAGE,
    patch_size: 4,
    num_channels: 3,
    hidden_act: 'quick_gelu',
    layer_norm_eps: 1e-5,
    projection_dim: WIDTH,
  },
});

export const IMAGE_SHAPE = [IMAGE, IMAGE, 3] as const;
/** Values of a picture. */
export const PIXELS = product(IMAGE_SHAPE);
export const LATENT_SHAPE = [IMAGE / 4, IMAGE / 4, LATENT_CHANNELS] as const;
/** Number of pictures in the web-like set. */
export const WEB_EXAMPLES = 16000;

/** Preprocessing of pictures for the world's CLIP models. */
export const CLIP_PREPROCESSING: Preprocessing = { size: IMAGE, fit: 'crop', mean: CLIP_MEAN, std: CLIP_STD };

/** Network of the held-out reward: its architecture and its reading of the prompt differ from the other rewards'. */
export const heldOutConfig = (vocabulary: number, pad: number): FilmCnnConfig => ({
  image_size: IMAGE,
  channels: [24, 48, 96],
  norm_groups: 8,
  hidden_size: 96,
  vocab_size: vocabulary,
  text_size: 64,
  max_tokens: CONTEXT_LENGTH,
  pad_token_id: pad,
});
