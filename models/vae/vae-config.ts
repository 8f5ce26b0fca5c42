import { z } from 'zod';
import { absent, only, positive, size, withoutEffect } from '../folder/network-config.ts';

/** Scaling factor of Stable Diffusion 1. */
const DEFAULT_SCALING_FACTOR = 0.18215;

/** The keys of diffusers' AutoencoderKL that are used here. */
export interface VaeConfig {
  in_channels: number;
  out_channels: number;
  block_out_channels: number[];
  layers_per_block: number;
  latent_channels: number;
  norm_num_groups: number;
  /** Latents of the diffusion model are the VAE's times this. Stable Diffusion's files do not always contain it. */
  scaling_factor?: number;
  /** These three default to true. */
  use_quant_conv?: boolean;
  use_post_quant_conv?: boolean;
  mid_block_add_attention?: boolean;
}

export const vaeSchema = z
  .looseObject({
    _class_name: only('AutoencoderKL'),
    in_channels: size.default(3),
    out_channels: size.default(3),
    down_block_types: z.array(z.literal('DownEncoderBlock2D', 'only "DownEncoderBlock2D" is supported')),
    up_block_types: z.array(z.literal('UpDecoderBlock2D', 'only "UpDecoderBlock2D" is supported')),
    block_out_channels: z.array(size).min(1),
    layers_per_block: size.default(1),
    act_fn: z.enum(['silu', 'swish'], 'only "silu" is supported').default('silu'),
    latent_channels: size.default(4),
    norm_num_groups: size.default(32),
    scaling_factor: positive.default(DEFAULT_SCALING_FACTOR),
    use_quant_conv: z.boolean().default(true),
    use_post_quant_conv: z.boolean().default(true),
    mid_block_add_attention: z.boolean().default(true),

    shift_factor: only(null),
    latents_mean: only(null),
    latents_std: only(null),
    quantization_config: absent,
    _use_default_values: absent,

    sample_size: withoutEffect('the size of the tiles in which diffusers can decode a large picture'),
    force_upcast: withoutEffect('selects float32 if diffusers computes in float16; here the run decides'),
  })
  .superRefine((config, context) => {
    const fail = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    const blocks = config.block_out_channels.length;
    for (const key of ['down_block_types', 'up_block_types'] as const)
      if (config[key].length !== blocks) fail(key, `expected one entry for each of ${blocks} block_out_channels`);
    for (const channels of config.block_out_channels)
      if (channels % config.norm_num_groups !== 0)
        fail('norm_num_groups', `it must divide ${channels}, of block_out_channels`);
  });

/** Returns the factor from the VAE's latents to the diffusion model's. */
export const vaeScalingFactor = (config: VaeConfig): number => config.scaling_factor ?? DEFAULT_SCALING_FACTOR;

/** Returns the number of pixels per latent, in each direction. */
export const vaeScale = (config: VaeConfig): number => 2 ** (config.block_out_channels.length - 1);
