import { absent, withoutEffect } from './network-config.ts';

const labels = withoutEffect('labels are of classifiers, which these models are not');
const outputs = withoutEffect('says what a call returns beside the hidden states');
const type = withoutEffect('weights are computed with in the type that the run asks for');
const attention = withoutEffect('chooses among implementations with the same result');
const rotary = withoutEffect('these models have no rotary embeddings');
const origin = withoutEffect('says where the file comes from');
const decoding = withoutEffect('of models that generate text');

/** What transformers' PreTrainedConfig reads of any model's config.json. `architectures` is checked where the file is read. */
export const transformersKeys = {
  quantization_config: absent,
  per_layer_config: absent,
  architectures: withoutEffect('checked where the file is read, before this schema'),
  dtype: type,
  torch_dtype: type,
  attn_implementation: attention,
  experts_implementation: attention,
  chunk_size_feed_forward: withoutEffect('cuts a product into parts with the same result'),
  output_attentions: outputs,
  output_hidden_states: outputs,
  return_dict: outputs,
  id2label: labels,
  label2id: labels,
  num_labels: labels,
  problem_type: labels,
  rope_scaling: rotary,
  rope_theta: rotary,
  is_encoder_decoder: decoding,
  name_or_path: origin,
  _commit_hash: origin,
  transformers_version: origin,
};

/** What tells how a model was trained from the start. */
export const trainingKeys = {
  attention_dropout: withoutEffect('dropout is off, as in evaluation mode'),
  initializer_range: withoutEffect('weights are read, not drawn'),
  initializer_factor: withoutEffect('weights are read, not drawn'),
};
