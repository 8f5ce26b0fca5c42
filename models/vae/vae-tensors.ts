import { convolutionTensors, linearTensors, normTensors, type ExpectedTensors } from '../folder/expected-tensors.ts';
import { resnetTensors } from '../resnet-tensors.ts';
import type { VaeConfig } from './vae-config.ts';

/** Lists the tensors that `vaeDecode` reads. */
export function* vaeDecoderTensors(config: VaeConfig): ExpectedTensors {
  const { latent_channels: latents, layers_per_block: layers } = config;
  const widths = config.block_out_channels.toReversed();
  if (config.use_post_quant_conv !== false) yield* convolutionTensors('post_quant_conv', latents, latents, 1);
  yield* convolutionTensors('decoder.conv_in', latents, widths[0]!);
  yield* middleTensors('decoder.mid_block', config);
  let inputs = widths[0]!;
  for (const [level, width] of widths.entries()) {
    const block = `decoder.up_blocks.${level}`;
    for (let i = 0; i <= layers; i++, inputs = width) yield* resnetTensors(`${block}.resnets.${i}`, inputs, width);
    if (level < widths.length - 1) yield* convolutionTensors(`${block}.upsamplers.0.conv`, width, width);
  }
  yield* normTensors('decoder.conv_norm_out', inputs);
  yield* convolutionTensors('decoder.conv_out', inputs, config.out_channels);
}

/** Lists the tensors that `vaeEncode` reads. */
export function* vaeEncoderTensors(config: VaeConfig): ExpectedTensors {
  const { latent_channels: latents, layers_per_block: layers, block_out_channels: widths } = config;
  yield* convolutionTensors('encoder.conv_in', config.in_channels, widths[0]!);
  let inputs = widths[0]!;
  for (const [level, width] of widths.entries()) {
    const block = `encoder.down_blocks.${level}`;
    for (let i = 0; i < layers; i++, inputs = width) yield* resnetTensors(`${block}.resnets.${i}`, inputs, width);
    if (level < widths.length - 1) yield* convolutionTensors(`${block}.downsamplers.0.conv`, width, width);
  }
  yield* middleTensors('encoder.mid_block', config);
  yield* normTensors('encoder.conv_norm_out', inputs);
  yield* convolutionTensors('encoder.conv_out', inputs, 2 * latents);
  if (config.use_quant_conv !== false) yield* convolutionTensors('quant_conv', 2 * latents, 2 * latents, 1);
}

function* middleTensors(name: string, config: VaeConfig): ExpectedTensors {
  const width = config.block_out_channels.at(-1)!;
  yield* resnetTensors(`${name}.resnets.0`, width, width);
  if (config.mid_block_add_attention !== false) {
    yield* normTensors(`${name}.attentions.0.group_norm`, width);
    for (const part of ['to_q', 'to_k', 'to_v', 'to_out.0'])
      yield* linearTensors(`${name}.attentions.0.${part}`, width, width);
  }
  yield* resnetTensors(`${name}.resnets.1`, width, width);
}
