import { linearTensors, normTensors, type ExpectedTensors } from '../folder/expected-tensors.ts';
import type { BlipVisionConfig, MedConfig } from './blip-config.ts';

/** Lists the tensors that `blipVision` reads. @param name prefix of their names */
export function* blipVisionTensors(name: string, config: BlipVisionConfig): ExpectedTensors {
  const { hidden_size: width, patch_size: patch, image_size: size } = config;
  yield [`${name}.patch_embed.proj.weight`, [width, 3, patch, patch]];
  yield [`${name}.patch_embed.proj.bias`, [width]];
  yield [`${name}.cls_token`, [1, 1, width]];
  yield [`${name}.pos_embed`, [1, 1 + Math.floor(size / patch) ** 2, width]];
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const block = `${name}.blocks.${i}`;
    yield* normTensors(`${block}.norm1`, width);
    yield* linearTensors(`${block}.attn.qkv`, width, 3 * width);
    yield* linearTensors(`${block}.attn.proj`, width, width);
    yield* normTensors(`${block}.norm2`, width);
    yield* linearTensors(`${block}.mlp.fc1`, width, config.intermediate_size);
    yield* linearTensors(`${block}.mlp.fc2`, config.intermediate_size, width);
  }
  yield* normTensors(`${name}.norm`, width);
}

/** Lists the tensors that `medEmbeddings` and `medEncoder` read. @param seen width of the picture's hidden states */
export function* medTensors(name: string, config: MedConfig, seen: number): ExpectedTensors {
  const { hidden_size: width } = config;
  yield [`${name}.embeddings.word_embeddings.weight`, [config.vocab_size, width]];
  yield [`${name}.embeddings.position_embeddings.weight`, [config.max_position_embeddings, width]];
  yield* normTensors(`${name}.embeddings.LayerNorm`, width);
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const layer = `${name}.encoder.layer.${i}`;
    for (const [attention, inputs] of [
      ['attention', width],
      ['crossattention', seen],
    ] as const) {
      yield* linearTensors(`${layer}.${attention}.self.query`, width, width);
      yield* linearTensors(`${layer}.${attention}.self.key`, inputs, width);
      yield* linearTensors(`${layer}.${attention}.self.value`, inputs, width);
      yield* linearTensors(`${layer}.${attention}.output.dense`, width, width);
      yield* normTensors(`${layer}.${attention}.output.LayerNorm`, width);
    }
    yield* linearTensors(`${layer}.intermediate.dense`, width, config.intermediate_size);
    yield* linearTensors(`${layer}.output.dense`, config.intermediate_size, width);
    yield* normTensors(`${layer}.output.LayerNorm`, width);
  }
}
