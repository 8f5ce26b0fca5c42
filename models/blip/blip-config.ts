import { z } from 'zod';
import { only, positive, size, withoutEffect } from '../folder/network-config.ts';
import { trainingKeys, transformersKeys } from '../folder/transformers-keys.ts';

const dropout = trainingKeys.attention_dropout;

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
  add_cross_attention: only(true),
  is_decoder: only(false),
  position_embedding_type: only('absolute'),

  ...transformersKeys,
  initializer_range: trainingKeys.initializer_range,
  attention_probs_dropout_prob: dropout,
  hidden_dropout_prob: dropout,
  classifier_dropout: dropout,
  type_vocab_size: withoutEffect("BLIP's BERT has no token types"),
  encoder_width: withoutEffect('the width of the pictures is read from the weights, as in ImageReward'),
  use_cache: withoutEffect('used only by models that generate text'),
  tie_word_embeddings: withoutEffect('used only by models that generate text'),
  bos_token_id: withoutEffect('the tokenizer says which token begins a prompt'),
  eos_token_id: withoutEffect('used only by models that generate text'),
  pad_token_id: withoutEffect('the tokenizer says which token pads a prompt'),
});
export type MedConfig = z.infer<typeof medSchema>;

/** Configuration of BLIP's vision transformer, read from the shapes of its tensors. */
export interface BlipVisionConfig {
  hidden_size: number;
  intermediate_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  image_size: number;
  patch_size: number;
}
