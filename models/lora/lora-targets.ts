/** Default targets: the projections of attention. */
export const LORA_TARGETS = {
  text_encoder: ['q_proj', 'k_proj', 'v_proj', 'out_proj'],
  unet: ['to_q', 'to_k', 'to_v', 'to_out.0'],
} as const;
