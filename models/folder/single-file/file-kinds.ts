import type { Weights } from '../../../engine/weights/weights.ts';

/** Kinds of files that are mistaken for a Stable Diffusion 1 or 2 checkpoint, recognized by a tensor's name. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^conditioner\.embedders\.1\./, 'Stable Diffusion XL, which has two text encoders'],
  [/^conditioner\.embedders\.0\./, "Stable Diffusion XL's refiner"],
  [/(^|\.)joint_blocks\.\d+\./, 'Stable Diffusion 3, whose network is a transformer'],
  [/(^|\.)(double_blocks|single_transformer_blocks)\.\d+\./, 'Flux, whose network is a transformer'],
  [/^control_model\./, 'a ControlNet'],
  [/^(lora_(unet|te\d?)_|(unet|text_encoder)\..*\.lora)/, 'a LoRA file: generate takes it with --lora'],
  [/^model\.diffusion_model\.label_emb\./, 'a model with class embeddings (an upscaler, unCLIP)'],
  [/^(string_to_param|emb_params|clip_[lg])$/, 'an embedding of textual inversion'],
  [/^(down_blocks|up_blocks|mid_block)\.\d*\.?(resnets|attentions)\./, "a UNet under diffusers' names"],
  [/^text_model\.(embeddings|encoder)\./, "a text encoder under transformers' names"],
  [/^(encoder|decoder)\.(down|up|down_blocks|up_blocks|mid|mid_block)\./, 'a VAE alone'],
];

/** Describes these weights if they are of a known kind that cannot be read as a single-file checkpoint. */
export function otherKind(weights: Weights): string | undefined {
  return OTHERS.find(([pattern]) => [...weights.keys()].some((name) => pattern.test(name)))?.[1];
}

/**
 * Tensors in a checkpoint that are not part of its networks: averaged weights, noise schedules, training counters. They
 * are ignored, as in diffusers.
 */
export const BESIDE =
  /^(model_ema\.|denoiser\.|(betas|logvar|lvlb_weights|scale_factor|global_step)$|(alphas|sqrt|log_one_minus|posterior)_|cond_stage_model\.(logit_scale|text_projection)$|first_stage_model\.(loss|model_ema)\.)/;
