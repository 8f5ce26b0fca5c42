import { linearTensors, normTensors, type ExpectedTensors } from '../folder/expected-tensors.ts';
import type { ClipConfig, ClipTextConfig, ClipTransformerConfig, ClipVisionConfig } from './clip-config.ts';

/** Lists the tensors that `clipText` reads. */
export function* clipTextTensors(config: ClipTextConfig): ExpectedTensors {
  const { hidden_size: width, vocab_size: words, max_position_embeddings: positions } = config;
  yield ['text_model.embeddings.token_embedding.weight', [words, width]];
  yield ['text_model.embeddings.position_embedding.weight', [positions, width]];
  yield* encoderTensors('text_model.encoder', config);
  yield* normTensors('text_model.final_layer_norm', width);
}

/** Lists the tensors that `clipVision` reads. */
function* clipVisionTensors(config: ClipVisionConfig): ExpectedTensors {
  const { hidden_size: width, patch_size: patch, image_size: size } = config;
  yield ['vision_model.embeddings.class_embedding', [width]];
  yield ['vision_model.embeddings.patch_embedding.weight', [width, 3, patch, patch]];
  yield ['vision_model.embeddings.position_embedding.weight', [1 + Math.floor(size / patch) ** 2, width]];
  yield* normTensors('vision_model.pre_layrnorm', width);
  yield* encoderTensors('vision_model.encoder', config);
  yield* normTensors('vision_model.post_layernorm', width);
}

/** Lists the tensors that `imageFeatures` reads. */
export function* imageFeatureTensors({ vision_config, projection_dim }: ClipConfig): ExpectedTensors {
  yield* clipVisionTensors(vision_config);
  yield* linearTensors('visual_projection', vision_config.hidden_size, projection_dim, false);
}

/** Lists the tensors that `textFeatures` reads. */
export function* textFeatureTensors({ text_config, projection_dim }: ClipConfig): ExpectedTensors {
  yield* clipTextTensors(text_config);
  yield* linearTensors('text_projection', text_config.hidden_size, projection_dim, false);
}

function* encoderTensors(name: string, config: ClipTransformerConfig): ExpectedTensors {
  const { hidden_size: width, intermediate_size: inner } = config;
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const layer = `${name}.layers.${i}`;
    yield* normTensors(`${layer}.layer_norm1`, width);
    for (const projection of ['q_proj', 'k_proj', 'v_proj', 'out_proj'])
      yield* linearTensors(`${layer}.self_attn.${projection}`, width, width);
    yield* normTensors(`${layer}.layer_norm2`, width);
    yield* linearTensors(`${layer}.mlp.fc1`, width, inner);
    yield* linearTensors(`${layer}.mlp.fc2`, inner, width);
  }
}
