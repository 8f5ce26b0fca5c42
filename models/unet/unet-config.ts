import { z } from 'zod';
import {
  absent,
  boundedSize,
  only,
  perBlock,
  positive,
  size,
  spread,
  withoutEffect,
} from '../folder/network-config.ts';

/** The keys of diffusers' UNet2DConditionModel that are used here: the variants of Stable Diffusion 1 and 2. */
export interface UnetConfig {
  /** Height and width of the latents in its training. */
  sample_size: number;
  in_channels: number;
  out_channels: number;
  flip_sin_to_cos: boolean;
  freq_shift: number;
  /** CrossAttnDownBlock2D or DownBlock2D, from the full size to the smallest. */
  down_block_types: string[];
  /** CrossAttnUpBlock2D or UpBlock2D, from the smallest size to the full one. */
  up_block_types: string[];
  block_out_channels: number[];
  layers_per_block: number | number[];
  /** Default 1. */
  transformer_layers_per_block?: number | number[];
  /** Default 1. */
  downsample_padding?: number;
  norm_num_groups: number;
  norm_eps: number;
  cross_attention_dim: number | number[];
  /** The number of heads, despite its name, which diffusers keeps for existing files. */
  attention_head_dim: number | number[];
  /** Default false. */
  use_linear_projection?: boolean;
}

const blockTypes = (cross: string, plain: string) => z.array(z.enum([cross, plain], `expected ${cross} or ${plain}`));

export const unetSchema = z
  .looseObject({
    _class_name: only('UNet2DConditionModel'),
    sample_size: boundedSize(2048),
    in_channels: size.default(4),
    out_channels: size.default(4),
    flip_sin_to_cos: z.boolean().default(true),
    freq_shift: z.number().default(0),
    down_block_types: blockTypes('CrossAttnDownBlock2D', 'DownBlock2D'),
    up_block_types: blockTypes('CrossAttnUpBlock2D', 'UpBlock2D'),
    block_out_channels: z.array(size).min(1),
    layers_per_block: perBlock.default(2),
    transformer_layers_per_block: perBlock.default(1),
    downsample_padding: z.int().min(0).default(1),
    norm_num_groups: size.default(32),
    norm_eps: positive.default(1e-5),
    cross_attention_dim: perBlock.default(1280),
    attention_head_dim: perBlock.default(8),
    use_linear_projection: z.boolean().default(false),
    act_fn: z.enum(['silu', 'swish'], 'only "silu" is supported').default('silu'),

    addition_embed_type: only(null),
    attention_type: only('default'),
    center_input_sample: only(false),
    class_embed_type: only(null),
    conv_in_kernel: only(3),
    conv_out_kernel: only(3),
    cross_attention_norm: only(null),
    dual_cross_attention: only(false),
    encoder_hid_dim: only(null),
    encoder_hid_dim_type: only(null),
    mid_block_scale_factor: only(1),
    mid_block_type: only('UNetMidBlock2DCrossAttn'),
    num_attention_heads: only(null),
    num_class_embeds: only(null),
    only_cross_attention: only(false),
    resnet_out_scale_factor: only(1),
    resnet_skip_time_act: only(false),
    resnet_time_scale_shift: only('default'),
    reverse_transformer_layers_per_block: only(null),
    time_cond_proj_dim: only(null),
    time_embedding_act_fn: only(null),
    time_embedding_dim: only(null),
    time_embedding_type: only('positional'),
    timestep_post_act: only(null),
    class_embeddings_concat: only(false),
    mid_block_only_cross_attention: only<boolean | null>(null, false),
    quantization_config: absent,
    _use_default_values: absent,

    dropout: withoutEffect('dropout is off, as in evaluation mode'),
    upcast_attention: withoutEffect("attention's softmax is always computed in float32"),
    addition_embed_type_num_heads: withoutEffect('read only with an addition_embed_type, which is refused'),
    addition_time_embed_dim: withoutEffect('read only with an addition_embed_type, which is refused'),
    projection_class_embeddings_input_dim: withoutEffect('read only with a class_embed_type, which is refused'),
  })
  .superRefine((config, context) => {
    const blocks = config.block_out_channels.length;
    const fail = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    const lists = [
      'down_block_types',
      'up_block_types',
      'layers_per_block',
      'attention_head_dim',
      'cross_attention_dim',
      'transformer_layers_per_block',
    ] as const;
    for (const key of lists) {
      const value = config[key];
      if (Array.isArray(value) && value.length !== blocks)
        fail(key, `expected one entry for each of ${blocks} block_out_channels`);
    }
    const heads = spread(config.attention_head_dim, blocks);
    config.block_out_channels.forEach((channels, i) => {
      if (channels % config.norm_num_groups !== 0)
        fail('norm_num_groups', `it must divide ${channels}, of block_out_channels`);
      if (channels % (heads[i] ?? 1) !== 0)
        fail('attention_head_dim', `the number of heads must divide ${channels}, of block_out_channels`);
    });
  });
