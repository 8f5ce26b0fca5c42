import { z } from 'zod';
import { only, positive, size, withoutEffect } from '../folder/network-config.ts';
import { trainingKeys, transformersKeys } from '../folder/transformers-keys.ts';

/** OpenAI CLIP's channel statistics. */
export const CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
export const CLIP_STD = [0.26862954, 0.26130258, 0.27577711] as const;

/** A list with a number for each channel. */
const channels = (each: z.ZodType<number>, usual: readonly number[]) =>
  z
    .array(each)
    .length(3)
    .default([...usual]);
/** The channels' optional mean and standard deviation. */
export const channelMean = channels(z.number(), CLIP_MEAN);
export const channelDeviation = channels(z.number().positive(), CLIP_STD);

/** Configuration of the transformer in both of CLIP's towers. */
export interface ClipTransformerConfig {
  hidden_size: number;
  intermediate_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  /** quick_gelu or gelu */
  hidden_act: string;
  layer_norm_eps: number;
}

/** The keys of transformers' CLIPTextConfig that are used here. */
export interface ClipTextConfig extends ClipTransformerConfig {
  vocab_size: number;
  max_position_embeddings: number;
  /** Old files have 2 for any tokenizer; the end token is then the largest id of a sequence. */
  eos_token_id: number;
}

/** The keys of transformers' CLIPVisionConfig that are used here. */
export interface ClipVisionConfig extends ClipTransformerConfig {
  image_size: number;
  patch_size: number;
}

/** transformers' CLIPConfig: a text and a vision tower, projected into one space of `projection_dim` dimensions. */
export interface ClipConfig {
  text_config: ClipTextConfig;
  vision_config: ClipVisionConfig;
  projection_dim: number;
}

const shared = {
  ...transformersKeys,
  ...trainingKeys,
  hidden_act: z.enum(['quick_gelu', 'gelu'], 'expected "quick_gelu" or "gelu"').default('quick_gelu'),
  layer_norm_eps: positive.default(1e-5),
};
const divides = (config: { hidden_size: number; num_attention_heads: number }) =>
  config.hidden_size % config.num_attention_heads === 0;
const mustDivide = { path: ['num_attention_heads'], message: 'it must divide hidden_size' };

export const clipTextSchema = z
  .looseObject({
    ...shared,
    vocab_size: size.default(49408),
    hidden_size: size.default(512),
    intermediate_size: size.default(2048),
    num_hidden_layers: size.default(12),
    num_attention_heads: size.default(8),
    max_position_embeddings: size.default(77),
    eos_token_id: z.int('expected one token id').default(49407),
    // diffusers' pipeline would hide the padding from the encoder.
    use_attention_mask: z
      .literal([false, null], 'only false is supported')
      .optional()
      .meta({ only: [false, null] }),
    bos_token_id: withoutEffect('the tokenizer says which token begins a prompt'),
    pad_token_id: withoutEffect('the tokenizer says which token pads a prompt'),
    projection_dim: withoutEffect("the projection is read with CLIPModel's own projection_dim"),
  })
  .refine(divides, mustDivide);

export const clipVisionSchema = z
  .looseObject({
    ...shared,
    hidden_size: size.default(768),
    intermediate_size: size.default(3072),
    num_hidden_layers: size.default(12),
    num_attention_heads: size.default(12),
    image_size: size.default(224),
    patch_size: size.default(32),
    num_channels: only(3),
    projection_dim: withoutEffect("the projection is read with CLIPModel's own projection_dim"),
  })
  .refine(divides, mustDivide);

export const clipSchema = z.looseObject({
  ...transformersKeys,
  initializer_factor: trainingKeys.initializer_factor,
  logit_scale_init_value: withoutEffect('the scale is read from the weights'),
  text_config: clipTextSchema.prefault({}),
  vision_config: clipVisionSchema.prefault({}),
  projection_dim: size.default(512),
});
