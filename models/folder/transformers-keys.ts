import { absent, withoutEffect } from './network-config.ts';

const labels = withoutEffect('labels belong to classifiers, and these models are not classifiers');
const outputs = withoutEffect('chooses outputs of a call other than the hidden states');
const type = withoutEffect('the run decides the type of the computation');
const attention = withoutEffect('chooses among implementations with the same result');
const rotary = withoutEffect('these models have no rotary embeddings');
const origin = withoutEffect('says where the file comes from');
const decoding = withoutEffect('used only by models that generate text');

/**
 * Keys that transformers' PreTrainedConfig reads in any config.json. `architectures` is checked where the file is read.
 */
export const transformersKeys = {
  quantization_config: absent,
  per_layer_config: absent,
  architectures: withoutEffect('checked where the file is read, before this schema'),
  dtype: type,
  torch_dtype: type,
  attn_implementation: attention,
  experts_implementation: attention,
  chunk_size_feed_forward: withoutEffect('splits a product into parts, with the same result'),
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

/** Keys that describe how a model was first trained. */
export const trainingKeys = {
  attention_dropout: withoutEffect('dropout is off, as in evaluation mode'),
  initializer_range: withoutEffect('weights are read, not initialized'),
  initializer_factor: withoutEffect('weights are read, not initialized'),
};
