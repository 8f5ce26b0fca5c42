import { z } from 'zod';
import { only, positive, size } from '../config.ts';

/** med_config.json: the text encoder of BLIP, a BERT that looks at a picture in every layer. */
export const medSchema = z.looseObject({
  hidden_size: size.default(768),
  intermediate_size: size.default(3072),
  num_hidden_layers: size.default(12),
  num_attention_heads: size.default(12),
  max_position_embeddings: size.default(512),
  vocab_size: size.default(30524),
  layer_norm_eps: positive.default(1e-12),
  hidden_act: only('gelu'),
});
export type MedConfig = z.infer<typeof medSchema>;

/** BLIP's vision transformer, as the shapes of its tensors tell it. */
export interface BlipVisionConfig {
  hidden_size: number;
  intermediate_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  image_size: number;
  patch_size: number;
}
