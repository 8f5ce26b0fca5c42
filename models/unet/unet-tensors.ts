import { spread } from '../folder/network-config.ts';
import { convolutionTensors, linearTensors, normTensors, type ExpectedTensors } from '../folder/expected-tensors.ts';
import { resnetTensors } from '../resnet-tensors.ts';
import type { UnetConfig } from './unet-config.ts';

/** Lists the tensors that `unet2dCondition` reads. */
export function* unetTensors(config: UnetConfig): ExpectedTensors {
  const { block_out_channels: widths, cross_attention_dim } = config;
  const blocks = widths.length;
  const layers = spread(config.layers_per_block, blocks);
  const transformerLayers = spread(config.transformer_layers_per_block ?? 1, blocks);
  // The network uses one width; another check makes sure that its parts agree on it.
  const context = [cross_attention_dim].flat()[0]!;
  const time = 4 * widths[0]!;
  const transformer = (name: string, level: number) =>
    transformerTensors(name, widths[level]!, context, transformerLayers[level]!, config.use_linear_projection ?? false);

  yield* linearTensors('time_embedding.linear_1', widths[0]!, time);
  yield* linearTensors('time_embedding.linear_2', time, time);
  yield* convolutionTensors('conv_in', config.in_channels, widths[0]!);
  const skips = [widths[0]!];
  let inputs = widths[0]!;
  for (let level = 0; level < blocks; level++) {
    const [block, width] = [`down_blocks.${level}`, widths[level]!];
    for (let i = 0; i < layers[level]!; i++) {
      yield* resnetTensors(`${block}.resnets.${i}`, inputs, width, time);
      if (config.down_block_types[level] === 'CrossAttnDownBlock2D')
        yield* transformer(`${block}.attentions.${i}`, level);
      inputs = width;
      skips.push(width);
    }
    if (level === blocks - 1) continue;
    yield* convolutionTensors(`${block}.downsamplers.0.conv`, width, width);
    skips.push(width);
  }

  const last = widths[blocks - 1]!;
  yield* resnetTensors('mid_block.resnets.0', last, last, time);
  yield* transformer('mid_block.attentions.0', blocks - 1);
  yield* resnetTensors('mid_block.resnets.1', last, last, time);

  for (let level = blocks - 1; level >= 0; level--) {
    const [index, width] = [blocks - 1 - level, widths[level]!];
    const block = `up_blocks.${index}`;
    for (let i = 0; i <= layers[level]!; i++) {
      yield* resnetTensors(`${block}.resnets.${i}`, inputs + skips.pop()!, width, time);
      if (config.up_block_types[index] === 'CrossAttnUpBlock2D') yield* transformer(`${block}.attentions.${i}`, level);
      inputs = width;
    }
    if (level > 0) yield* convolutionTensors(`${block}.upsamplers.0.conv`, width, width);
  }
  yield* normTensors('conv_norm_out', widths[0]!);
  yield* convolutionTensors('conv_out', widths[0]!, config.out_channels);
}

/** Lists the tensors that `spatialTransformer` reads. */
function* transformerTensors(
  name: string,
  width: number,
  context: number,
  layers: number,
  linear: boolean,
): ExpectedTensors {
  const project = (part: string) =>
    linear ? linearTensors(`${name}.${part}`, width, width) : convolutionTensors(`${name}.${part}`, width, width, 1);
  yield* normTensors(`${name}.norm`, width);
  yield* project('proj_in');
  for (let i = 0; i < layers; i++) {
    const block = `${name}.transformer_blocks.${i}`;
    for (const norm of ['norm1', 'norm2', 'norm3']) yield* normTensors(`${block}.${norm}`, width);
    for (const [attention, seen] of [
      ['attn1', width],
      ['attn2', context],
    ] as const) {
      yield* linearTensors(`${block}.${attention}.to_q`, width, width, false);
      yield* linearTensors(`${block}.${attention}.to_k`, seen, width, false);
      yield* linearTensors(`${block}.${attention}.to_v`, seen, width, false);
      yield* linearTensors(`${block}.${attention}.to_out.0`, width, width);
    }
    yield* linearTensors(`${block}.ff.net.0.proj`, width, 8 * width); // a gate and the gated values
    yield* linearTensors(`${block}.ff.net.2`, 4 * width, width);
  }
  yield* project('proj_out');
}
